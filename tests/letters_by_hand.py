"""A mailer that forgets keys after a day, as real providers do, and a writer whose letters all differ."""

from datetime import datetime, timedelta

from adapters.memory.mail import MemoryMailer
from adapters.memory.world import MemoryClock
from application.ports.mail import Letter, PaymentConfirmation, RefundNotice


class DayMailer:
    """The mailer in memory, which forgets a key after a day as real providers do.

    tries: every letter that was handed in, with its key.
    delivered: what members got.
    """

    def __init__(self, clock: MemoryClock) -> None:
        self._clock = clock
        self._provider = MemoryMailer()
        self._sent_at: dict[str, datetime] = {}
        self._faults: list[tuple[Exception, bool]] = []
        self.tries: list[tuple[str, Letter]] = []
        self.delivered: list[Letter] = []

    def fail_next(self, error: Exception, *, after_effect: bool = False) -> None:
        """Let the next send fail that was not told to yet, before its effect or after it."""
        self._faults.append((error, after_effect))

    async def send(self, letter: Letter, *, key: str) -> str:
        self.tries.append((key, letter))
        error, after_effect = self._faults.pop(0) if self._faults else (None, False)
        if error is not None and not after_effect:
            raise error
        now = self._clock.now()
        if now - self._sent_at.get(key, now) > timedelta(hours=24):
            del self._provider.sent[key]
        known = key in self._provider.sent
        mail_id = await self._provider.send(letter, key=key)
        if not known:
            self._sent_at[key] = now
            self.delivered.append(letter)
        if error is not None:
            raise error
        return mail_id


class NumberingWriter:
    """The port LetterWriter: no two letters that it words are the same."""

    def __init__(self) -> None:
        self.worded = 0

    def confirmation(self, facts: PaymentConfirmation) -> Letter:
        self.worded += 1
        text = f"{facts.name}: {facts.plan_name}, {facts.amount}, {facts.receipt_number}, wording {self.worded}"
        return Letter(to=facts.to, subject=facts.receipt_number, html=f"<p>{text}</p>", text=text)

    def refund_notice(self, facts: RefundNotice) -> Letter:
        self.worded += 1
        text = f"{facts.name}: {facts.amount} of {facts.plan_name} went back, wording {self.worded}"
        return Letter(to=facts.to, subject="refund", html=f"<p>{text}</p>", text=text)
