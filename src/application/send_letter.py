"""A letter to a member: worded once, kept, and sent exactly so, under one key, until the provider has taken it."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from application.errors import MailRefused, MailUnavailable
from application.ports.jobs import ClaimedJob, JobKind
from application.ports.mail import Letter, Mailer
from application.ports.store import BeginWork, Mail, UnitOfWork
from application.ports.world import Clock
from domain.payment import PaymentId

log = logging.getLogger(__name__)

MEMORY_OF_KEYS: Final = timedelta(hours=23)
"""How long a mail provider surely recognises a key (Resend keeps them for 24 hours)."""


def key_of_letter(kind: JobKind, subject: str) -> str | None:
    """The key of the letter that a job sends: one for each payment and kind of letter. Null for a job that sends none."""
    word = {JobKind.SEND_CONFIRMATION: "confirmation", JobKind.SEND_REFUND_NOTICE: "refund"}.get(kind)
    return f"{word}/{subject.partition(':')[0]}" if word is not None else None


Worded = Callable[[UnitOfWork], Awaitable[Callable[[], Letter] | None]]
"""Reads what a letter says and returns what words it; null when there is nothing to say any more."""


class SendLetter:
    """Sends one letter for one job, whatever crashes or gets lost on the way."""

    def __init__(self, *, begin: BeginWork, mailer: Mailer, clock: Clock) -> None:
        self._begin = begin
        self._mailer = mailer
        self._clock = clock

    async def __call__(self, job: ClaimedJob, *, payment_id: PaymentId, worded: Worded) -> None:
        """Send the letter of a job in the words that were found first, and finish the job; also when there is nothing to say any more.

        Raises MailUnavailable when it is to be tried later, MailRefused when nobody but an operator can help.
        """
        key = key_of_letter(job.kind, job.subject)
        if key is None:
            raise ValueError(f"a job of the kind {job.kind} sends no letter")
        async with self._begin() as work:
            mail = await self._due(work, key, payment_id, worded)
            if mail is None:
                work.jobs.complete(job)
                await work.commit()
                return
            now = self._clock.now()
            if mail.in_doubt_since is not None and now - mail.in_doubt_since > MEMORY_OF_KEYS:
                raise MailRefused(
                    "an earlier try may have sent this mail, and the provider has forgotten its key since: "
                    "`payments jobs retry --even-if-sent` sends it all the same, `payments jobs discard` leaves it"
                )
            # Noted before the try, not after it: the process may die in between.
            work.mails.save(replace(mail, in_doubt_since=mail.in_doubt_since or now))
            await work.commit()

        try:
            provider_id = await self._mailer.send(mail.letter, key=key)
        except (MailUnavailable, MailRefused) as fault:
            surely_not_sent = isinstance(fault, MailRefused) or not fault.in_doubt
            if surely_not_sent and mail.in_doubt_since is None:
                await self._lift_doubt(key)
            raise
        await self._sent(job, key, provider_id)

    async def _due(self, work: UnitOfWork, key: str, payment_id: PaymentId, worded: Worded) -> Mail | None:
        """The letter as it was first worded; null when it was sent, or when what it says has become untrue meanwhile."""
        known = await work.mails.of(key)
        if known is not None and known.sent_at is not None:
            return None
        write = await worded(work)
        if write is None:
            log.info("there is nothing to say any more: %s is not sent", key)
            return None
        return known or Mail(key=key, payment_id=payment_id, letter=write(), written_at=self._clock.now())

    async def _lift_doubt(self, key: str) -> None:
        async with self._begin() as work:
            mail = await work.mails.of(key)
            if mail is not None:
                work.mails.save(replace(mail, in_doubt_since=None))
                await work.commit()

    async def _sent(self, job: ClaimedJob, key: str, provider_id: str) -> None:
        async with self._begin() as work:
            mail = await work.mails.of(key)
            if mail is not None and mail.sent_at is None:
                work.mails.save(replace(mail, in_doubt_since=None, sent_at=self._clock.now(), provider_id=provider_id))
            work.jobs.complete(job)
            await work.commit()
