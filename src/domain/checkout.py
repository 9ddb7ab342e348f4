"""The attempt to open a hosted checkout for a payment: the exact request is kept before it is sent, so that any crash can be resumed."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.payment import PaymentId

CLAIM: Final = timedelta(seconds=15)
"""How long one caller may work on an attempt before another may take it over: as long as a request may last."""

LAST_MOMENT: Final = timedelta(minutes=2)
"""A checkout that ends sooner than this is no longer offered: the member could not finish in time."""

FAILURES_MAX: Final = 3
"""How often the provider may answer an attempt with an error that it would replay, before a new attempt is made with a new key."""

FRESH: Final = timedelta(minutes=4)
"""How old a request may be while its end, given as an instant, is surely inside the provider's bounds."""

ASK_PAUSE_MIN: Final = timedelta(seconds=5)
ASK_PAUSE_MAX: Final = timedelta(minutes=10)
ASK_PAUSE_SHARE: Final = 20
"""Where nobody waits, a twentieth of a checkout's age lies between two questions to the provider, within these bounds."""

TOLD_LATELY: Final = timedelta(seconds=30)
"""For how long the provider's word that a checkout is still open may be repeated to its member."""


class Checkout(Struct, frozen=True, kw_only=True):
    """How far the opening of a payment's hosted checkout has come.

    attempt: counted from 1; each has its own idempotency key and its own request.
    request: the exact body of the request, opaque, sent verbatim at every retry; null until the customer is known.
    prepared_at: when the request was made (UTC).
    claimed_until: a caller is working on it until then (UTC).
    failures: errors that the provider itself answered to this attempt.
    url, expires_at: the hosted page, once it is open.
    asked_at: when the provider was last asked where the checkout stands (UTC).
    open_at: when it last said that the checkout can still be paid (UTC).
    """

    payment_id: PaymentId
    attempt: int = 1
    request: str | None = None
    prepared_at: datetime | None = None
    claimed_until: datetime | None = None
    failures: int = 0
    url: str | None = None
    expires_at: datetime | None = None
    asked_at: datetime | None = None
    open_at: datetime | None = None

    @property
    def idempotency_key(self) -> str:
        """The key under which the provider does this attempt once."""
        return f"checkout:{self.payment_id}:{self.attempt}"

    def is_claimed_at(self, instant: datetime) -> bool:
        """Whether somebody is working on it."""
        return self.claimed_until is not None and instant < self.claimed_until

    def is_offered_at(self, instant: datetime) -> bool:
        """Whether the member can be sent to the hosted page."""
        return self.url is not None and self.expires_at is not None and instant < self.expires_at - LAST_MOMENT

    def claimed(self, instant: datetime) -> "Checkout":
        """Taken on by one caller for a limited time."""
        return replace(self, claimed_until=instant + CLAIM)

    def released(self, *, answered: bool) -> "Checkout":
        """Given back after a fault; `answered` when the provider itself answered with an error."""
        return replace(self, claimed_until=None, failures=self.failures + answered)

    def prepared(self, request: str, at: datetime) -> "Checkout":
        """With the exact request that will be sent."""
        return replace(self, request=request, prepared_at=at)

    def is_stale_at(self, instant: datetime) -> bool:
        """Whether the request is so old that the provider may refuse it for its age alone."""
        return self.prepared_at is not None and instant - self.prepared_at > FRESH

    def renewed(self) -> "Checkout":
        """The next attempt, free for anyone to take on, under a new key and with a request yet to be made."""
        return replace(self, attempt=self.attempt + 1, request=None, prepared_at=None, claimed_until=None, failures=0)

    def opened(self, *, url: str | None, expires_at: datetime) -> "Checkout":
        """With its hosted page; an `url` of null when the page is closed already."""
        return replace(self, url=url, expires_at=expires_at, claimed_until=None)

    def closed(self) -> "Checkout":
        """With its page closed, or about to be: a start replaces it, and sends nobody there."""
        return replace(self, url=None)

    def may_be_asked_at(self, instant: datetime, pause: timedelta | None = None) -> bool:
        """Whether the provider may be asked about it again, however many ask: after `pause`, or else more and more rarely with its age."""
        if self.asked_at is None:
            return True
        if pause is None:
            age = instant - (self.prepared_at or self.asked_at)
            pause = min(ASK_PAUSE_MAX, max(ASK_PAUSE_MIN, age / ASK_PAUSE_SHARE))
        return instant - self.asked_at >= pause

    def asked(self, instant: datetime) -> "Checkout":
        """With a question to the provider noted."""
        return replace(self, asked_at=instant)

    def told_open(self, instant: datetime) -> "Checkout":
        """With the provider's word that it can still be paid."""
        return replace(self, open_at=instant)

    def was_open_lately(self, instant: datetime) -> bool:
        """Whether the provider said a moment ago that it can still be paid, so that nothing was."""
        return self.open_at is not None and instant - self.open_at <= TOLD_LATELY
