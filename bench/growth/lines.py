"""Lines for COPY of what the service writes beside a payment: events, jobs and the audit."""

from collections import defaultdict
from dataclasses import dataclass
from random import Random
from typing import Final

from bench.growth.members import DAY, Someone, stamp
from bench.growth.texts import Texts
from entrypoints.sandbox.events import API_VERSION

NULL: Final = "\\N"
EVENT_DAYS: Final = 400
BODY_DAYS: Final = 90
RETRY_DAYS: Final = 30
"""How long events, their bodies and their retries are kept, as the service ships."""


@dataclass(slots=True)
class Try:
    """A payment that has begun, and what its ids are made of."""

    id: str
    member: Someone
    at: float
    renewal: bool
    word: str

    @property
    def session(self) -> str:
        return f"cs_live_a1{self.word[20:76]}"

    @property
    def intent(self) -> str:
        return f"pi_3{self.word[80:103]}"

    @property
    def invoice(self) -> str:
        return f"in_1{self.word[104:127]}"

    @property
    def event(self) -> str:
        return f"evt_1{self.word[128:151]}"


class Lines:
    """The lines of each table since they were last taken. All times are seconds since the epoch."""

    def __init__(self, *, now: float, texts: Texts, chance: Random) -> None:
        self.lines: dict[str, list[str]] = defaultdict(list)
        self._now, self._texts, self._chance = now, texts, chance
        self._count = 0

    def take(self) -> dict[str, list[str]]:
        """The lines, which are then forgotten here."""
        taken, self.lines = self.lines, defaultdict(list)
        return taken

    def event(self, made: Try, id: str, type: str, at: float, state: str) -> None:
        """An event that was received, as far as it is still kept, and now and then its retry."""
        age = self._now - at
        if age > EVENT_DAYS * DAY:
            return
        self._count += 1
        body = NULL
        if age < BODY_DAYS * DAY:
            body = (
                self._texts.event.replace("@NUMBER@", made.word[40:64])
                .replace("@SESSION@", made.session)
                .replace("@PAYMENT@", made.id)
                .replace("@USER@", made.member.user_id)
            )
        moment, error = stamp(at), "no such payment is stored" if state == "parked" else NULL
        self.lines["events"].append(f"{id}\t{type}\t{API_VERSION}\t{moment}\t{moment}\t{state}\t{error}\t{body}\n")
        if age < RETRY_DAYS * DAY and self._count % 200 == 0 and state == "handled":
            self.job("retry_event", id, at)

    def job(self, kind: str, subject: str, at: float, *, state: str = "done", due: float | None = None) -> None:
        """A job that ended as it was made, or one that is due at a time."""
        made, finished = stamp(at), stamp(at + 1) if state in ("done", "dead") else NULL
        attempts, error = (120, "it failed again") if state == "dead" else (int(state == "done"), NULL)
        run_at = stamp(due) if due and state == "ready" else made
        self.lines["jobs"].append(
            f"{kind}\t{subject}\t{state}\t{run_at}\t{attempts}\t120\t{NULL}\t{NULL}\t{error}\t{made}\t{finished}\n"
        )

    def audit(
        self, entity: str, id: str, before: str, after: str, why: str, actor: str, at: float, event: str = NULL
    ) -> None:
        """A line of the audit."""
        self.lines["audit"].append(f"{entity}\t{id}\t{before}\t{after}\t{why}\t{actor}\t{event}\t{stamp(at)}\n")
