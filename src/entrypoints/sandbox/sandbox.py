"""One sandbox: its state, its deliveries and its faults, and the few things that all rooms do with them."""

from collections import deque

from msgspec import Struct

from entrypoints.sandbox.config import SandboxConfig
from entrypoints.sandbox.deliveries import Deliveries
from entrypoints.sandbox.events import new_event
from entrypoints.sandbox.faults import Faults
from entrypoints.sandbox.sessions import close, is_overdue
from entrypoints.sandbox.state import State, StateFile
from entrypoints.sandbox.wire import JsonObject

REQUESTS_MAX = 10_000


class SeenRequest(Struct):
    """One API request as it was answered. at: epoch seconds. fault: what the control API had done to it."""

    at: float
    method: str
    path: str
    idempotency_key: str | None
    status: int | None
    request_id: str
    replayed: bool = False
    fault: str | None = None


class Sandbox:
    """Everything behind the doors. All changes happen between two awaits, so that they are whole."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.file = StateFile(config.state_file)
        self.state: State = self.file.load()
        self.faults = Faults()
        self.requests: deque[SeenRequest] = deque(maxlen=REQUESTS_MAX)
        self.deliveries = Deliveries(config, self.state, self.faults, self.changed)
        self.running_keys: set[str] = set()

    @property
    def base_url(self) -> str:
        """Where the hosted pages are."""
        return self.config.base_url()

    def changed(self) -> None:
        """Has the state saved."""
        self.file.changed(self.state)

    def tell(
        self,
        type: str,
        subject: JsonObject,
        *,
        previous: JsonObject | None = None,
        request: JsonObject | None = None,
        created: int | None = None,
    ) -> JsonObject:
        """Makes an event of what happened, keeps it and sends it; a `never` fault lets it get lost before all that."""
        event = new_event(self.state, type, subject, previous=previous, request=request, created=created)
        if not self.faults.forbid_event(type):
            self.state.add(event)
            self.deliveries.enqueue(event)
        return event

    def expire(self, session: JsonObject, *, request: JsonObject | None = None, at: int | None = None) -> None:
        """Closes an open session for good. at: epoch seconds of the event, now when None."""
        close(session, "expired")
        self.tell("checkout.session.expired", session, request=request, created=at)

    def let_time_pass(self) -> bool:
        """Expires what is overdue. Returns whether anything was."""
        overdue = [one for one in self.state.kind("checkout.session").values() if is_overdue(self.state, one)]
        for session in overdue:
            self.expire(session, at=session["expires_at"])
        if overdue:
            self.changed()
        return bool(overdue)

    def reset(self) -> None:
        """Forgets everything, settings made at run time included."""
        self.deliveries.forget()
        self.deliveries.resume()
        self.deliveries.webhook_url = self.config.webhook_url
        self.deliveries.webhook_secret = self.config.webhook_secret
        self.faults.clear()
        self.requests.clear()
        fresh = State()
        for name in State.__struct_fields__:
            setattr(self.state, name, getattr(fresh, name))
        self.changed()
