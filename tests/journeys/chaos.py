"""Members pay while processes are killed, the database falls, and Stripe's events are lost, doubled, late and out of order."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx

from entrypoints.http.identity import TOKEN_COOKIE
from journeys.own_postgres import OwnPostgres
from journeys.parts import eventually
from journeys.shopper import Shopper
from journeys.system import Json, System

AT_ONCE: Final = 6
"""How many members pay at the same time."""

SECONDS_MAX: Final = 90.0
PAUSE_SECONDS_MAX: Final = 2.0
"""How long a member tries to pay before that counts as a wedge."""

EXPECTED: Final = frozenset({200, 201, 429, 503})
"""What a member who wants to pay may be told; 429 when they have asked again and again while the service was away."""

TIME_PASSES: Final = """
    UPDATE checkouts SET claimed_until = now() - interval '1 second' WHERE claimed_until > now();
    UPDATE jobs SET leased_until = now() - interval '1 second' WHERE state = 'leased';
    UPDATE jobs SET run_at = now() WHERE state = 'ready' AND run_at > now()
"""
"""Claims and leases of those who died end, and what failed meanwhile is tried again."""


class Chaos:
    """happened: what was done to the service and how often. told: which statuses members were told."""

    def __init__(self, system: System, postgres: OwnPostgres, *, payments: int, crashes: int, seed: int) -> None:
        self.system = system
        self.postgres = postgres
        self.happened: Counter[str] = Counter()
        self.told: Counter[int] = Counter()
        self._payments = payments
        self._crashes = crashes
        self._chance = random.Random(seed)  # noqa: S311 # what breaks when, not a secret
        self._paid = 0
        self._progress = threading.Condition()

    def run(self) -> None:
        """Let all members pay while everything is broken again and again, as often as `crashes`."""
        self._break_stripe()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            paying = [pool.submit(self._pays, Shopper(self.system)) for _ in range(self._payments)]
            for number in range(self._crashes):
                self._wait_for((number + 0.5) * self._payments / self._crashes)
                self._crash(number)
            for payment in paying:
                payment.result()

    def _break_stripe(self) -> None:
        """Each event of a paid checkout meets a fate of its own, and some calls are not answered."""
        kinds = ["delay", "lose", "duplicate", "twin", "forget_answer", "late"]
        fates = [self._chance.choices(kinds, [40, 15, 15, 10, 10, 10])[0] for _ in range(self._payments)]
        self.happened.update(f"event: {fate}" for fate in fates if fate != "delay")
        seconds = {"delay": 0.0, "late": 2.0}
        self.system.sandbox_told(
            "POST",
            "faults/deliveries",
            [
                {
                    "kind": "delay" if fate in seconds else fate,
                    "type": "checkout.session.completed",
                    "seconds": seconds.get(fate),
                    "copies": 3,
                }
                for fate in fates
            ],
        )
        for kind in ("drop_after", "drop_before", "status_after"):
            fault = {"kind": kind, "method": "POST", "path": "/v1/checkout/sessions", "status": 500}
            skips = [self._chance.randrange(self._payments) for _ in range(self._payments // 20 + 1)]
            self.system.sandbox_told("POST", "faults/api", [fault | {"skip": skip} for skip in skips])
            self.happened[f"call: {kind}"] += len(skips)

    def _pays(self, shopper: Shopper) -> None:
        """A member tries until a checkout is open, pays at Stripe, and sometimes comes back."""
        checkout = eventually("a checkout is open", lambda: self._started(shopper), SECONDS_MAX)
        shopper.bank_decides(checkout or {}, "pay")
        with self._progress:
            self._paid += 1
            lands = self._chance.random() < 1 / 3
            self._progress.notify_all()
        if lands:
            self._lands(shopper, checkout or {})

    def _started(self, shopper: Shopper) -> Json | None:
        try:
            answer = shopper.starts()
        except httpx.TransportError:
            return None
        with self._progress:
            self.told[answer.status_code] += 1
        if not answer.is_success:
            # As told, but for the longest of pauses: who asks again at once uses up what one member may ask in a minute.
            time.sleep(min(float(answer.headers.get("Retry-After", "0.2")), PAUSE_SECONDS_MAX))
            return None
        body: Json = answer.json()
        return body

    def _lands(self, shopper: Shopper, checkout: Json) -> None:
        url = f"{self.system.url}/payment/success?session_id={checkout['checkout_session_id']}"
        try:
            answer = httpx.get(url, headers={"Cookie": f"{TOKEN_COOKIE}={shopper.token}"}, timeout=20)
        except httpx.TransportError:
            return  # whoever comes back to a dead service looks again later
        with self._progress:
            self.told[answer.status_code] += 1
            self.happened["landing"] += 1

    def _wait_for(self, paid: float) -> None:
        with self._progress:
            assert self._progress.wait_for(lambda: self._paid >= paid, SECONDS_MAX), "nobody can pay any more"

    def _crash(self, number: int) -> None:
        crashes: tuple[tuple[str, Callable[[], None]], ...] = (
            ("service killed", self._kill_service),
            ("worker killed", self._kill_worker),
            ("database fell", self.postgres.fall_and_rise),
        )
        name, crash = crashes[number % len(crashes)]
        crash()
        self.happened[name] += 1
        self.postgres.executed(TIME_PASSES)

    def _kill_service(self) -> None:
        self.system.service.kill()
        self.system.service.start()

    def _kill_worker(self) -> None:
        self.system.worker.kill()
        self.system.worker.start()
