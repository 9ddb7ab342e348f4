"""Faults that the control API asks for: which API call or which event they hit, how often, and what they do."""

from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct, field

from entrypoints.sandbox.wire import new_id

ApiFaultKind = Literal[
    "status",
    "status_after",
    "stored_status",
    "latency",
    "html",
    "html_after",
    "drop_before",
    "drop_after",
    "drop_mid_body",
]
DeliveryFaultKind = Literal[
    "lose",
    "duplicate",
    "delay",
    "hold",
    "twin",
    "second_secret",
    "wrong_secret",
    "stale",
    "wrong_livemode",
    "forget_answer",
    "never",
]


class ApiFault(Struct, kw_only=True, forbid_unknown_fields=True):
    """What happens to the next `times` API calls whose method and path match (`*` stands for anything).

    status: refused with this status before any effect. status_after: so, but the effect remains (no 409 or 429: Stripe gives those
    before any effect, and keeps neither under the idempotency key).
    stored_status: so before any effect, and kept under the idempotency key for replays.
    latency: takes `seconds` longer. html, html_after: a proxy's page with `status`, before or after the effect.
    drop_before, drop_after: the connection breaks without a byte, before or after the effect. drop_mid_body: it breaks within the answer.
    should_retry: the Stripe-Should-Retry header of the answer, when given. skip: how many matching calls pass untouched first.
    """

    kind: ApiFaultKind
    method: str = "*"
    path: str = "/v1/*"
    times: int = 1
    skip: int = 0
    status: int = 500
    seconds: float = 1.0
    should_retry: bool | None = None
    id: str = field(default_factory=lambda: new_id("fault"))

    def __post_init__(self) -> None:
        if self.kind.endswith("_after") and self.status in (409, 429):
            raise ValueError(f"{self.kind}: Stripe answers {self.status} only before any effect")


class DeliveryFault(Struct, kw_only=True, forbid_unknown_fields=True):
    """What happens to the next `times` events whose type matches `type` (`*` stands for anything).

    lose: never sent by itself. duplicate: sent `copies` times at once. delay: first sent after `seconds`.
    hold: kept until `times` events are held, then all sent, the last one first (or on release by the control API).
    twin: a second event with another id tells the same. second_secret: signed with `secret` as well; wrong_secret: with it alone.
    stale: the signature's timestamp is `seconds` old. wrong_livemode: the event says livemode true.
    forget_answer: the answer is treated as lost, so that the same event comes again.
    never: the event is not made at all: neither sent nor in the list of events, though what it would tell has happened.
    attempts: how many tries of each delivery the kinds from second_secret to forget_answer spoil.
    """

    kind: DeliveryFaultKind
    type: str = "*"
    times: int = 1
    skip: int = 0
    copies: int = 2
    seconds: float | None = None
    secret: str = "whsec_another_secret_of_the_sandbox"  # noqa: S105 (the point is that it is the wrong one)
    attempts: int = 1
    id: str = field(default_factory=lambda: new_id("fault"))


class Faults:
    """The faults that wait for their call or event."""

    def __init__(self) -> None:
        self.api: list[ApiFault] = []
        self.delivery: list[DeliveryFault] = []

    def for_call(self, method: str, path: str) -> ApiFault | None:
        """Takes the first fault that matches an API call."""
        for fault in self.api:
            if fault.method.upper() in ("*", method) and fnmatchcase(path, fault.path) and _due(fault):
                self.api = [one for one in self.api if one.times > 0]
                return fault
        return None

    def for_event(self, type: str) -> DeliveryFault | None:
        """Takes the first fault that matches an event on its way."""
        return self._take(type, [one for one in self.delivery if one.kind != "never"])

    def forbid_event(self, type: str) -> bool:
        """Takes the first fault that keeps an event from being made. Returns whether there was one."""
        return self._take(type, [one for one in self.delivery if one.kind == "never"]) is not None

    def _take(self, type: str, faults: list[DeliveryFault]) -> DeliveryFault | None:
        for fault in faults:
            if fnmatchcase(type, fault.type) and _due(fault):
                self.delivery = [one for one in self.delivery if one.times > 0]
                return fault
        return None

    def clear(self) -> None:
        """Forgets all of them."""
        self.api.clear()
        self.delivery.clear()


def _due(fault: ApiFault | DeliveryFault) -> bool:
    if fault.skip > 0:
        fault.skip -= 1
        return False
    fault.times -= 1
    return True
