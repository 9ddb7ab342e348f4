"""What is heard of calls to Stripe and to the mail provider: counted always, and told with the trace at hand where there is one."""

import time
from collections.abc import Callable

from adapters.stripe.calls import CallMade, Observer
from application.errors import MailRefused, MailUnavailable
from application.ports.mail import Letter, Mailer
from entrypoints.metrics.measures import Measures
from entrypoints.tracing import Tracing

ANSWERED = "answered"
SENT = "sent"


def stripe_observer(measures: Measures, tracing: Tracing | None) -> Observer:
    """Hears of calls to Stripe."""
    if tracing is None:
        return measures.stripe_call

    def observe(call: CallMade) -> None:
        measures.stripe_call(call)
        tracing.step(
            f"stripe {call.operation}",
            seconds=call.seconds,
            went_well=call.outcome == ANSWERED,
            outcome=call.outcome,
            stripe_request_id=call.request_id,
        )

    return observe


def observed_mailer(mailer: Mailer, measures: Measures, tracing: Tracing | None) -> Mailer:
    """A mailer whose mails are heard of."""

    def observe(outcome: str, seconds: float) -> None:
        measures.mail(outcome, seconds)
        if tracing is not None:
            tracing.step("send mail", seconds=seconds, went_well=outcome == SENT, outcome=outcome)

    return ObservedMailer(mailer, observe)


class ObservedMailer:
    """Satisfies Mailer. `observe` hears of each mail: its outcome (`sent`, `unavailable`, `refused`, `failed`), and how many seconds."""

    def __init__(self, mailer: Mailer, observe: Callable[[str, float], None]) -> None:
        self._mailer = mailer
        self._observe = observe

    async def send(self, letter: Letter, *, key: str) -> str:
        began_at, outcome = time.perf_counter(), "failed"
        try:
            sent = await self._mailer.send(letter, key=key)
            outcome = SENT
        except MailUnavailable:
            outcome = "unavailable"
            raise
        except MailRefused:
            outcome = "refused"
            raise
        finally:
            self._observe(outcome, time.perf_counter() - began_at)
        return sent
