"""A mail provider and a writer of letters in memory."""

import asyncio

from application.errors import MailRefused
from application.ports.mail import Letter, PaymentConfirmation


class MemoryMailer:
    """The port Mailer. `sent` holds what went out, by key; `tries` every letter that was handed in, with its key."""

    def __init__(self) -> None:
        self.sent: dict[str, Letter] = {}
        self.tries: list[tuple[str, Letter]] = []
        self._faults: list[tuple[Exception, bool]] = []

    def fail_next(self, error: Exception, *, after_effect: bool = False) -> None:
        """Let the next send fail, before the letter goes out or after it so that only the answer is lost."""
        self._faults.append((error, after_effect))

    async def send(self, letter: Letter, *, key: str) -> str:
        self.tries.append((key, letter))
        await asyncio.sleep(0)
        error, after_effect = self._faults.pop(0) if self._faults else (None, False)
        if error is not None and not after_effect:
            raise error
        if "@" not in letter.to:
            raise MailRefused("the letter has no address")
        self.sent.setdefault(key, letter)
        if error is not None:
            raise error
        return f"mail_{key}"


class PlainLetterWriter:
    """The port LetterWriter, in as few words as say everything."""

    def confirmation(self, facts: PaymentConfirmation) -> Letter:
        text = (
            f"{facts.name}: {facts.plan_name}, {facts.amount}, paid {facts.paid_at:%Y-%m-%d}, "
            f"{facts.period_start:%Y-%m-%d} to {facts.period_end:%Y-%m-%d}, {facts.receipt_number}, {facts.receipt_url}"
        )
        return Letter(to=facts.to, subject=f"Receipt {facts.receipt_number}", html=text, text=text)
