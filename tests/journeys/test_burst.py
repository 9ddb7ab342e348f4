"""Many deliveries at once, as after an outage: all are kept at the rate at which rows can be written, and memory stays where it is.

PAYMENTS_BURST=100000 for a long one.
"""

import http.client
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from entrypoints.sandbox.events import signature_header
from journeys.parts import Part, eventually
from journeys.system import System

DELIVERIES: Final = int(os.environ.get("PAYMENTS_BURST", "900"))
AT_ONCE: Final = 32
KILOBYTES_MORE_MAX: Final = 4096 + DELIVERIES // 100
"""What allocators keep, and a megabyte for every hundred thousand deliveries."""

SETTLED_KILOBYTES: Final = 64

KEPT: Final = "SELECT count(*) AS kept FROM events WHERE id LIKE 'evt_burst_%' AND state = 'ignored'"


class Burst:
    """Deliveries of events that concern nobody, from many connections that are kept."""

    def __init__(self, system: System, service: Part) -> None:
        self.statuses: Counter[int] = Counter()
        self._secret = system.secrets.stripe_webhook_secret
        self._address = urlsplit(service.url).netloc

    def deliver(self, numbers: Iterator[int]) -> None:
        """Bring one event after the other, until there are no more."""
        connection = http.client.HTTPConnection(self._address, timeout=30)
        told: Counter[int] = Counter()
        for number in numbers:
            body = event(number)
            signed = {"Stripe-Signature": signature_header(body, int(time.time()), [self._secret])}
            connection.request("POST", "/api/webhooks/stripe", body, signed)
            answer = connection.getresponse()
            answer.read()
            told[answer.status] += 1
        connection.close()
        self.statuses.update(told)

    def all_of(self, numbers: range) -> None:
        """All of these, many at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for done in [pool.submit(self.deliver, iter(numbers[first::AT_ONCE])) for first in range(AT_ONCE)]:
                done.result()


def event(number: int) -> bytes:
    """An event about a customer, which changes nothing here."""
    customer = {"id": f"cus_burst_{number}", "object": "customer", "email": None}
    return json.dumps(
        {
            "id": f"evt_burst_{number}",
            "object": "event",
            "type": "customer.updated",
            "created": int(time.time()),
            "livemode": False,
            "api_version": "2026-10-28.endive",
            "data": {"object": customer},
        }
    ).encode()


def resident_kilobytes(part: Part) -> int:
    """How much memory a process holds now."""
    assert part.process is not None
    status = Path(f"/proc/{part.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def settled_kilobytes(part: Part) -> int:
    """How much memory a process holds once it loads nothing more: after its start it warms up beside what it answers."""
    found = [resident_kilobytes(part)]

    def is_settled() -> bool:
        time.sleep(0.5)
        found.append(resident_kilobytes(part))
        return abs(found[-1] - found[-2]) < SETTLED_KILOBYTES

    eventually("memory has settled", is_settled)
    return found[-1]


@pytest.mark.timeout(120 + DELIVERIES // 50)
def test_a_burst_of_deliveries_is_kept_whole_and_memory_stays_where_it_is(
    system: System, record_property: Callable[[str, object], None]
) -> None:
    service = system.another_service()
    service.start()
    burst = Burst(system, service)
    burst.all_of(range(DELIVERIES // 3))
    warm, began = settled_kilobytes(service), time.monotonic()
    burst.all_of(range(DELIVERIES // 3, DELIVERIES))
    seconds, grown = time.monotonic() - began, resident_kilobytes(service) - warm
    service.stop()
    record_property("deliveries", DELIVERIES)
    record_property("a second", round((DELIVERIES - DELIVERIES // 3) / seconds))
    record_property("kilobytes more", grown)

    assert {200: DELIVERIES} == burst.statuses
    assert [DELIVERIES] == [row["kept"] for row in system.rows(KEPT)]
    assert grown <= KILOBYTES_MORE_MAX
