"""What each process counts and times of its own work.

Labels come from short lists that are ours: no ids, no addresses, nothing that a stranger can make longer.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from itertools import chain, product
from typing import Final, TypeVar, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from adapters.stripe.calls import CallMade
from application.findings import Thing
from application.ports.jobs import JobKind
from application.receive_event import Outcome
from application.reconcile import Reconciliation

Result = TypeVar("Result")

CALL_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
WAIT_SECONDS: Final = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0)
LATE_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
LAG_SECONDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0, 259200.0)

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
UNFORESEEN: Final = 500


class TurnedAway(StrEnum):
    """Why a delivery was not taken. NOT_KEPT: for our own sake; the provider delivers it again."""

    BAD_SIGNATURE = "bad_signature"
    NO_EVENT = "no_event"
    NOT_KEPT = "not_kept"


class Measures:
    """The counters of one process. Those that alerts wait for stand at 0 from the beginning: Prometheus sees no first step from nothing."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        self._requests = Counter(
            "payments_http_requests", "Requests answered.", ["method", "route", "status"], registry=own
        )
        self._errors = Counter("payments_http_errors", "Requests that ended in an unforeseen error.", registry=own)
        self._request_seconds = Histogram(
            "payments_http_request_seconds", "Time until answered.", ["route"], registry=own, buckets=REQUEST_SECONDS
        )
        self._deliveries = Counter(
            "payments_webhook_deliveries", "Deliveries at the webhook door.", ["outcome"], registry=own
        )
        self._lag = Histogram(
            "payments_webhook_lag_seconds",
            "From an event's making at Stripe, which tells whole seconds, until it was handled in its delivery.",
            registry=own,
            buckets=LAG_SECONDS,
        )
        self._stripe = Histogram(
            "payments_stripe_call_seconds",
            "Calls to Stripe.",
            ["operation", "outcome"],
            registry=own,
            buckets=CALL_SECONDS,
        )
        self._mail = Histogram(
            "payments_mail_call_seconds", "Mails handed over.", ["outcome"], registry=own, buckets=CALL_SECONDS
        )
        self._jobs = Histogram(
            "payments_job_seconds", "Jobs run.", ["kind", "outcome"], registry=own, buckets=CALL_SECONDS
        )
        self._runs = Counter("payments_reconciliation_runs", "Reconciliations.", ["outcome"], registry=own)
        self._differences = Counter(
            "payments_reconciliation_differences",
            "What differed from what Stripe says.",
            ["what", "repaired"],
            registry=own,
        )
        self._reconciled_at = Gauge(
            "payments_reconciliation_last_complete_timestamp_seconds",
            "When a reconciliation of this process last came to its end; 0 for never.",
            registry=own,
            multiprocess_mode="max",
        )
        self._in_use = Gauge(
            "payments_database_connections_in_use",
            "Connections of the pool in use.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self._wait = Histogram(
            "payments_database_wait_seconds",
            "Time until the pool gave a connection.",
            registry=own,
            buckets=WAIT_SECONDS,
        )
        self._late = Histogram(
            "payments_event_loop_late_seconds",
            "How late the event loop came to what was due.",
            registry=own,
            buckets=LATE_SECONDS,
        )
        self._answered: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        """What counts the answers of a method, route and status: to find it by its labels each time takes longer than to count."""
        for outcome in chain(Outcome, TurnedAway):
            self._deliveries.labels(outcome.value)
        for what, repaired in product(get_args(Thing), ("yes", "no")):
            self._differences.labels(what, repaired)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. route: as it is declared, with its parameters by name; empty where none lies."""
        known = self._answered.get((method, route, status))
        if known is None:
            found, verb = route or OTHER, method if method in METHODS else OTHER
            known = self._requests.labels(verb, found, str(status)), self._request_seconds.labels(found)
            if verb != OTHER:  # strangers could make up any number of methods
                self._answered[method, route, status] = known
        requests, request_seconds = known
        requests.inc()
        request_seconds.observe(seconds)
        if status == UNFORESEEN:
            self._errors.inc()

    def delivery(self, outcome: Outcome | TurnedAway) -> None:
        """Something came to the webhook door."""
        self._deliveries.labels(outcome.value).inc()

    def handled(self, created: datetime, now: datetime) -> None:
        """An event was handled in its delivery. Both instants are UTC."""
        self._lag.observe(max(0.0, (now - created).total_seconds()))

    def stripe_call(self, call: CallMade) -> None:
        """A call to Stripe has ended."""
        self._stripe.labels(call.operation, call.outcome).observe(call.seconds)

    def mail(self, outcome: str, seconds: float) -> None:
        """A mail was handed over, or not."""
        self._mail.labels(outcome).observe(seconds)

    def job(self, kind: JobKind, outcome: str, seconds: float) -> None:
        """A job was run."""
        self._jobs.labels(kind.value, outcome).observe(seconds)

    def acquired(self, seconds: float) -> None:
        """The pool gave a connection after a while."""
        self._wait.observe(seconds)
        self._in_use.inc()

    def late(self, seconds: float) -> None:
        """The event loop came late to what was due."""
        self._late.observe(seconds)

    def released(self) -> None:
        """A connection was given back to the pool."""
        self._in_use.dec()

    def reconciling(
        self, reconcile: Callable[[], Awaitable[Reconciliation]]
    ) -> Callable[[], Awaitable[Reconciliation]]:
        """A reconciliation that is counted."""

        async def counted() -> Reconciliation:
            try:
                found = await reconcile()
            except Exception:
                self._runs.labels("failed").inc()
                raise
            self._runs.labels("complete" if found.complete else "incomplete").inc()
            for difference in found.differences:
                self._differences.labels(difference.what, "yes" if difference.repaired else "no").inc()
            if found.complete:
                self._reconciled_at.set_to_current_time()
            return found

        return counted
