"""Throws hostile deliveries at the webhook door of the server that we ship, and says what came back.

cd tests && ../.venv/bin/python -m door.fuzz --cases 20000 --seed 1
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import stripe
from dependency_injector import providers
from msgspec import Struct, field

from adapters.memory.unit_of_work import MemoryUnitOfWork
from adapters.stripe.events import OF_A_CUSTOMER, StripeEventReader
from application.errors import TryAgain
from application.ports.store import BeginWork, UnitOfWork
from application.start_checkout import CheckoutWish
from builders import a_member
from contract.test_stripe_signatures import ORACLE
from door.deliveries import SECRETS, Case, Draw, Target, recorded_events
from door.hostility import drawn
from door.wire import Answer, Line, request, serving
from http_world import WITHOUT_LIMITS, World

URL: Final = "/api/webhooks/stripe"
ALLOWED: Final = frozenset({200, 400, 413, 503})
REFUSED: Final = frozenset({400, 413})
CASES_OF_TARGET: Final = 50
CASES_OF_WORLD: Final = 2000
AWAY_EVERY: Final = 97
"""The store is away for each delivery of such a number."""

RECORDED: Final = Path(__file__).parents[3] / "shared" / "stripe" / "events"


class Violation(AssertionError):
    """The door did what it may not do."""


class Tally(Struct):
    """What came back: how often, by kind of delivery and status; and what became of those that were let in."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def by_status(self) -> Counter[int]:
        """How often each status came."""
        found: Counter[int] = Counter()
        for (_, status), times in self.answers.items():
            found[status] += times
        return found

    def table(self) -> str:
        """Kinds down, statuses across."""
        statuses = sorted(self.by_status())
        kinds = sorted({kind for kind, _ in self.answers})
        rows = [
            ("", *map(str, statuses)),
            *((kind, *(str(self.answers[kind, one]) for one in statuses)) for kind in kinds),
        ]
        rows.append(("all", *(str(self.by_status()[one]) for one in statuses)))
        return "\n".join(f"{name:20}" + "".join(f"{cell:>9}" for cell in cells) for name, *cells in rows)


class WatchedStore:
    """Counts how often a unit of work is begun, and can be away."""

    def __init__(self, begin: BeginWork) -> None:
        self._begin = begin
        self.begun = 0
        self.away = False

    def __call__(self) -> UnitOfWork:
        """Begin one. Raises TryAgain while the store is away."""
        self.begun += 1
        if self.away:
            raise TryAgain("the store is away")
        return self._begin()


class Siege:
    """One world under fire. `begin` is of another store than the one in memory, `draw` draws other cases than all kinds."""

    def __init__(
        self,
        folder: Path,
        seed: str,
        recorded: list[bytes],
        *,
        begin: BeginWork | None = None,
        draw: Callable[[Draw, int], Case] = drawn,
    ) -> None:
        self.world = World(folder, **WITHOUT_LIMITS)
        self.store = WatchedStore(begin or (lambda: MemoryUnitOfWork(self.world.store)))
        self.tally = Tally()
        self.kept: set[bytes] = set()
        self._seed = seed
        self._recorded = recorded
        self._draw = draw
        self.world.container.begin.override(providers.Callable(self.store))
        self.world.container.reader.override(providers.Object(StripeEventReader(secrets=SECRETS, live=False)))

    async def run(self, numbers: range) -> None:
        """Deliver the cases of these numbers. Raises Violation at the first that is not answered as it must be."""
        async with self.line() as line:
            for number in numbers:
                if (number - numbers.start) % CASES_OF_TARGET == 0:
                    target = await self.a_target()
                self.store.away = number % AWAY_EVERY == 0
                case = self._draw(Draw(f"{self._seed}/{number}", target, self.now, self._recorded), number)
                await self.deliver(line, case, f"seed {self._seed}, number {number}")
                self.store.away = False

    async def deliver(self, line: Line, case: Case, name: str) -> None:
        """Deliver one case. Raises Violation, which names it."""
        begun_before = self.store.begun
        answer = await line.ask(*request("POST", URL, case.headers, case.body, chunks=case.chunks))
        fault = fault_of(case, answer, touched=self.store.begun > begun_before, away=self.store.away)
        if fault is not None:
            raise Violation(f"{name}, {case.kind}: {fault}\n{preview(case, answer)}")
        self.tally.answers[case.kind, answer.status] += 1
        if answer.status == 200:
            self.tally.outcomes[json.loads(answer.body)["outcome"]] += 1
            self.kept.add(case.body)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A connection to the server that we ship."""
        async with serving(self.world.app) as served, Line(served) as line:
            yield line

    @property
    def now(self) -> int:
        """The world's time, in Unix seconds."""
        return int(self.world.clock.now().timestamp())

    async def a_target(self) -> Target:
        """A new checkout of ours."""
        offered = await self.world.container.start_checkout()(CheckoutWish(member=a_member()))
        payment = offered.payment
        amount, currency = payment.amount.amount_minor, payment.amount.currency
        return Target(
            session_id=offered.session_id,
            payment_id=str(payment.id),
            user_id=payment.user_id,
            amount=amount,
            currency=currency,
        )

    def check_what_is_kept(self) -> None:
        """Raises Violation when the store in memory holds an event that was not answered 200, or more of a customer than that it came."""
        for event in self.world.store.events():
            of_customer = event.type.startswith(OF_A_CUSTOMER)
            told = any(event.id.encode() in body for body in self.kept) if of_customer else event.body in self.kept
            if not told:
                raise Violation(f"seed {self._seed}: an event is kept that nobody was told to be")
            if of_customer and event.body is not None:
                raise Violation(f"seed {self._seed}: what an event says of a customer is kept")


def fault_of(case: Case, answer: Answer, *, touched: bool, away: bool) -> str | None:
    """What is wrong with an answer; nothing when it is as it must be."""
    status = answer.status
    code = json.loads(answer.body).get("code") if status != 200 else None
    faults = {
        f"answered {status}": status not in ALLOWED,
        "no signature of Stripe's, and not refused": case.authentic is False and status not in REFUSED,
        "refused, and the store was touched": status in REFUSED and touched,
        "answered 503 with a store that works": status == 503 and not away,
        "answered 200 without a store": status == 200 and away,
        "answered 200 without touching the store": status == 200 and not touched,
        "a signature of Stripe's was not believed": case.authentic is True and code == "signature_invalid",
        "let in what Stripe's own SDK would not": status == 200 and not vouched_for(case),
    }
    return next((fault for fault, found in faults.items() if found), None)


def vouched_for(case: Case) -> bool:
    """Whether Stripe's SDK believes one of the signatures, whatever its age."""
    headers = [value.decode("latin-1") for name, value in case.headers if name.lower() == b"stripe-signature"]
    return any(_believed(case.body, header, secret) for header in headers for secret in SECRETS)


def _believed(body: bytes, header: str, secret: str) -> bool:
    try:
        return ORACLE.verify_header(body.decode(), header, secret, None)
    except (stripe.SignatureVerificationError, TypeError, UnicodeDecodeError):
        return False


def preview(case: Case, answer: Answer) -> str:
    """Enough of a case to see what it was."""
    return f"headers {case.headers!r:.600}\nbody {case.body!r:.1200}\nanswer {answer.status} {answer.body!r:.400}"


def fuzz(cases: int, seed: int, recorded: list[bytes], say: Callable[[str], None] = lambda _: None) -> Tally:
    """Deliver so many cases, in worlds of their own by the thousand. Raises Violation."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, cases, CASES_OF_WORLD):
            siege = Siege(Path(folder) / str(start), str(seed), recorded)
            asyncio.run(siege.run(range(start, min(cases, start + CASES_OF_WORLD))))
            siege.check_what_is_kept()
            tally.answers += siege.tally.answers
            tally.outcomes += siege.tally.outcomes
            say(f"{sum(tally.answers.values())} cases: {counts(tally.by_status())}")
    return tally


def counts(found: Counter[int] | Counter[str]) -> str:
    """What came and how often, on one line."""
    return ", ".join(f"{times} x {what}" for what, times in sorted(found.items()))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Throw hostile deliveries at the webhook door.")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    recorded = recorded_events(RECORDED)
    begun_at = time.monotonic()
    tally = fuzz(given.cases, given.seed, recorded, say=print)
    sys.stdout.write(
        f"{tally.table()}\nlet in: {counts(tally.outcomes)}\n"
        f"seed {given.seed}, {len(recorded)} recorded events, {time.monotonic() - begun_at:.1f} s\n"
    )


if __name__ == "__main__":
    main()
