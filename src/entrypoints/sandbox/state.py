"""Everything that a sandbox remembers, and the file that keeps it over restarts."""

import asyncio
import contextlib
import logging
import os
import time
from pathlib import Path

import msgspec
from msgspec import Struct, field

from entrypoints.sandbox.wire import JsonObject

_LOG = logging.getLogger(__name__)


class StateFileBroken(Exception):
    """The state file cannot be read; its message says what to do."""


class SessionNotes(Struct):
    """What Stripe knows of a Checkout Session but does not show in it.

    awaited_card: the card whose 3-D Secure step is open. settle_at: when a delayed payment settles, in epoch seconds.
    """

    payment_intent_data: JsonObject = field(default_factory=dict)
    invoice_data: JsonObject = field(default_factory=dict)
    awaited_card: str | None = None
    buyer_email: str | None = None
    buyer_name: str | None = None
    settle_at: float | None = None


class RefundFate(Struct):
    """What the bank will make of a refund. at: epoch seconds, never by itself when None."""

    succeeds: bool
    at: float | None = None


class StoredAnswer(Struct):
    """The first answer to an idempotency key. stored_at: epoch seconds."""

    method: str
    path: str
    fingerprint: str
    status: int
    body: str
    request_id: str
    stored_at: float


class Attempt(Struct):
    """One try to deliver. at: epoch seconds; seconds: how long it took; status: None when no answer came."""

    at: float
    seconds: float
    status: int | None
    error: str | None = None


class Delivery(Struct):
    """One event on its way. state: waiting, held, delivered, lost or given_up. due_at: epoch seconds of the next try.

    spoiled_attempts: how many first tries carry the spoiling (a stale timestamp, another secret, a wrong livemode).
    """

    id: str
    event_id: str
    event_type: str
    state: str = "waiting"
    due_at: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)
    fault: str | None = None
    spoiled_attempts: int = 0
    timestamp_shift_seconds: int = 0
    secret: str | None = None
    with_own_secret: bool = True
    livemode: bool = False
    forgets_answers: int = 0


class State(Struct):
    """All objects by their kind and id (in order of creation), and what goes on with them.

    refunds_begin: the status of new refunds, where the card that paid does not decide it: succeeded, pending or requires_action.
    """

    objects: dict[str, dict[str, JsonObject]] = field(default_factory=dict)
    line_items: dict[str, list[JsonObject]] = field(default_factory=dict)
    notes: dict[str, SessionNotes] = field(default_factory=dict)
    refund_fates: dict[str, RefundFate] = field(default_factory=dict)
    refunds_begin: str = "succeeded"
    answers: dict[str, StoredAnswer] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    unsupported_currencies: list[str] = field(default_factory=list)
    clock_ahead_seconds: float = 0.0

    def kind(self, name: str) -> dict[str, JsonObject]:
        """All objects of one kind, oldest first."""
        return self.objects.setdefault(name, {})

    def add(self, value: JsonObject) -> JsonObject:
        """Keeps a new object under its own name and id."""
        self.kind(value["object"])[value["id"]] = value
        return value

    def find(self, kind: str, identifier: str | None) -> JsonObject | None:
        """One object, or None."""
        return self.kind(kind).get(identifier) if identifier else None

    def now(self) -> float:
        """The sandbox's time in epoch seconds: the real one, moved ahead by the control API."""
        return time.time() + self.clock_ahead_seconds


class StateFile:
    """Saves a state after every change, replacing the file in one step."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._last_cost_seconds = 0.0
        self._later: asyncio.TimerHandle | None = None

    def load(self) -> State:
        """What was saved, or an empty state. Raises StateFileBroken."""
        if self._path is None or not self._path.exists():
            return State()
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=State)
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            raise StateFileBroken(
                f"The sandbox cannot read its state file {self._path}: {error}. Move or delete it to start empty."
            ) from None

    def changed(self, state: State) -> None:
        """Saves now; when saving has become slow, a moment later and once for many changes."""
        if self._path is None or self._later is not None:
            return
        if self._last_cost_seconds < 0.02:
            self.save(state)
        else:
            self._later = asyncio.get_running_loop().call_later(self._last_cost_seconds * 10, self.save, state)

    def save(self, state: State) -> None:
        """Writes the file and puts it in place of the old one."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._path is None:
            return
        began = time.perf_counter()
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(state))
            fresh.replace(self._path)
        except OSError as error:
            _LOG.error("The sandbox cannot save its state file %s: %s", self._path, error)
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
        self._last_cost_seconds = time.perf_counter() - began
