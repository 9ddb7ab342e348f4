"""A mail provider that sends once per key, remembers keys for a day, and does not always say so."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from application.errors import MailRefused, MailUnavailable
from application.ports.mail import Letter
from entrypoints.simulation.chance import Fault
from entrypoints.simulation.replica import Replica

KEPT: Final = timedelta(hours=24)

OUTAGE: Final = (600.0, 30 * 3600.0)
"""How long the provider may be away, in seconds: also for longer than it keeps keys."""

BETWEEN_OUTAGES: Final = timedelta(days=3)
"""Two outages in a row would use up the tries of a letter, which are for an outage longer than any that ever was."""


class Sent(Struct, frozen=True):
    """One mail in somebody's inbox."""

    key: str
    letter: Letter
    at: datetime

    @property
    def about(self) -> str:
        """What it is about, whatever was added to make a key of it."""
        return self.key.partition("#")[0]


class MailProvider:
    """What was sent, and what the provider remembers of it. `is_away`: cannot be reached."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[str, Sent] = {}
        self.sent: list[Sent] = []
        self.away_until = now() - BETWEEN_OUTAGES
        self.changed: Callable[[], None] = lambda: None

    def take(self, letter: Letter, key: str) -> str:
        """Send a letter once per key. Raises MailRefused for another letter under a key that it remembers."""
        known = self._known.get(key)
        if known is None or self._now() - known.at >= KEPT:
            known = self._known[key] = Sent(key, letter, self._now())
            self.sent.append(known)
            self.changed()
        if known.letter != letter:
            raise MailRefused("another letter was sent under this key")
        return f"mail_{self.sent.index(known) + 1}"


class SimulatedMailer:
    """The port Mailer of one replica."""

    def __init__(self, replica: Replica, provider: MailProvider) -> None:
        self._replica = replica
        self._provider = provider

    async def send(self, letter: Letter, *, key: str) -> str:
        chance = self._replica.chance
        await self._replica.message("send mail", 0.05, 0.5)
        if self._replica.trace.now() < self._provider.away_until or chance.strikes(Fault.MAIL_DOWN):
            raise MailUnavailable("no connection", in_doubt=False)
        if chance.strikes(Fault.MAIL_BUSY):
            raise MailUnavailable("429", retry_after_seconds=2, in_doubt=False)
        provider_id = self._provider.take(letter, key)
        self._replica.trace.note("mail", "sent", key)
        now = self._replica.trace.now()
        if now - self._provider.away_until > BETWEEN_OUTAGES and chance.strikes(Fault.MAIL_OUTAGE):
            self._provider.away_until = now + timedelta(seconds=chance.seconds(*OUTAGE))
            raise MailUnavailable("the provider broke down while it sent")
        if chance.strikes(Fault.MAIL_ANSWER_LOST):
            raise MailUnavailable("the answer was lost")
        await self._replica.message("answer to send mail", 0.05, 0.5)
        return provider_id
