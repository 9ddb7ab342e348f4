"""Members and Stripe before two replicas: each with connections of its own that it keeps, sent where `/health/ready` is 200.

Nothing is sent twice: what is lost or refused stays so, and is counted.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Final

import httpx

from entrypoints.sandbox.events import signature_header
from journeys.parts import POLL_SECONDS
from journeys.shopper import Shopper
from journeys.system import Json, System


class Balancer:
    """Knows which of the replicas are ready, as it found them a moment ago."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._ready = set(urls)
        self._turn = count()
        self._ended = threading.Event()
        self._looking = threading.Thread(target=self._look)

    def start(self) -> None:
        """Begin to look."""
        self._looking.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        self._looking.join()

    def is_ready(self, url: str) -> bool:
        """Whether requests are sent to a replica."""
        return url in self._ready

    def choose(self) -> str:
        """The replica whose turn it is."""
        ready = [url for url in self._urls if url in self._ready]
        return ready[next(self._turn) % len(ready)]

    def _look(self) -> None:
        with httpx.Client(timeout=2) as client:
            while not self._ended.is_set():
                self._ready = {url for url in self._urls if answers_ready(client, url)}
                time.sleep(POLL_SECONDS)


def answers_ready(client: httpx.Client, url: str) -> bool:
    """Whether a replica says that it is ready."""
    try:
        return client.get(f"{url}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


CHECKS_OF_EACH: Final = 4


class Traffic:
    """Members who pay one after the other, as fast as they are answered. `answered`: what was asked, by its status.

    lost: what got no answer. closed: answers that gave their connection up. paid: the checkouts whose event was answered with 200.
    """

    def __init__(self, system: System, balancer: Balancer, clients: int) -> None:
        self.system = system
        self.balancer = balancer
        self.answered: Counter[tuple[str, int]] = Counter()
        self.lost: list[str] = []
        self.closed = 0
        self.without_word: list[str] = []
        self.paid: list[Json] = []
        self._ended = threading.Event()
        self._members = [threading.Thread(target=self._go_on) for _ in range(clients)]

    def start(self) -> None:
        """Let them begin."""
        for member in self._members:
            member.start()

    def stop(self) -> None:
        """Let each end what they have begun."""
        self._ended.set()
        for member in self._members:
            member.join()

    def _go_on(self) -> None:
        with httpx.Client(timeout=20) as client:
            while not self._ended.is_set():
                self._pay(client, Shopper(self.system))

    def _pay(self, client: httpx.Client, shopper: Shopper) -> None:
        started = self._ask(client, "POST", "/api/v1/checkouts", headers=shopper.headers, json={})
        if started is None or started.status_code != 201:
            return
        checkout: Json = started.json()
        shopper.bank_decides(checkout, "pay")
        body = json.dumps(self.system.event_of(checkout["checkout_session_id"])).encode()
        signed = {
            "Stripe-Signature": signature_header(body, int(time.time()), [self.system.secrets.stripe_webhook_secret])
        }
        told = self._ask(client, "POST", "/api/webhooks/stripe", headers=signed, content=body)
        if told is not None and told.status_code == 200:
            self.paid.append(checkout)
        for _ in range(CHECKS_OF_EACH):
            self._ask(client, "GET", "/api/v1/subscription", headers=shopper.headers)

    def _ask(self, client: httpx.Client, method: str, path: str, **how: object) -> httpx.Response | None:
        try:
            answer = client.request(method, f"{self.balancer.choose()}{path}", **how)  # type: ignore[arg-type] # options of httpx
        except httpx.TransportError as fault:
            self.lost.append(f"{method} {path}: {fault!r}")
            return None
        self.answered[path, answer.status_code] += 1
        self.closed += answer.headers.get("connection") == "close"
        if answer.status_code == 503 and "retry-after" not in answer.headers:
            self.without_word.append(path)
        return answer
