"""A mail provider and a writer of letters in memory."""

import asyncio
import re
import unicodedata
from typing import Final

from application.errors import MailRefused
from application.ports.mail import Letter, PaymentConfirmation, RefundNotice

ADDRESS: Final = re.compile(r"[^\s@<>(),;:\\\"\[\]]+@[^\s@<>(),;:\\\"\[\]]+")


class MemoryMailer:
    """The port Mailer. `sent` holds what went out, by key; `tries` every letter that was handed in, with its key."""

    def __init__(self) -> None:
        self.sent: dict[str, Letter] = {}
        self.tries: list[tuple[str, Letter]] = []
        self._faults: list[tuple[Exception, bool]] = []

    def fail_next(self, error: Exception, *, times: int = 1, after_effect: bool = False) -> None:
        """Let the next sends fail, before the letter goes out or after it so that only the answer is lost."""
        self._faults.extend([(error, after_effect)] * times)

    async def send(self, letter: Letter, *, key: str) -> str:
        """Keep the letter once per `key` and return the id of the mail.

        Raises what `fail_next` was told, and MailRefused for a letter that no provider takes and for another letter under
        a used key.
        """
        self.tries.append((key, letter))
        await asyncio.sleep(0)
        error, after_effect = self._faults.pop(0) if self._faults else (None, False)
        if error is not None and not after_effect:
            raise error
        _check(letter)
        if self.sent.setdefault(key, letter) != letter:
            raise MailRefused("another letter has been sent under this key")
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

    def refund_notice(self, facts: RefundNotice) -> Letter:
        text = f"{facts.name}: {facts.amount} of {facts.plan_name} given back, {facts.history_url}"
        return Letter(
            to=facts.to, subject="Duplicate refunded" if facts.duplicate else "Refunded", html=text, text=text
        )


def _check(letter: Letter) -> None:
    """What the real mailers refuse; the contract of mailers holds the two together."""
    head = letter.to + letter.subject
    one_line = not any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in head)
    fits = len(letter.to) <= 254 and bool(letter.subject.strip()) and len(letter.subject) <= 998
    writable = not any("\ud800" <= character <= "\udfff" for character in head + letter.html + letter.text)
    if not (ADDRESS.fullmatch(letter.to) and one_line and fits and writable):
        raise MailRefused("the letter has no fit address, subject or text")
