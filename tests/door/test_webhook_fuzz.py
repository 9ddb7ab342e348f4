"""Whatever is delivered to the webhook door of the server that we ship: 200, 400, 413 or 503, and nothing kept that Stripe did not sign."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest
from dependency_injector import providers

from adapters.postgres.database import Database
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from adapters.stripe.events import StripeEventReader
from door import fuzz
from door.deliveries import Case, Draw, recorded_events
from door.hostility import KINDS, drawn_signed
from door.wire import Answer

CASES: Final = int(os.environ.get("PAYMENTS_FUZZ_CASES", "3000"))
SEED: Final = int(os.environ.get("PAYMENTS_FUZZ_SEED", "1"))
CASES_OF_POSTGRES: Final = 300

A_CASE: Final = Case(kind="good", headers=[], body=b"{}", authentic=True)
FORGED: Final = msgspec.structs.replace(A_CASE, authentic=False)
BELIEVED: Final = Answer(200, [], b'{"outcome": "handled"}')
REFUSED: Final = Answer(400, [], b'{"code": "invalid_request"}')
DISBELIEVED: Final = Answer(400, [], b'{"code": "signature_invalid"}')


@pytest.mark.parametrize("what", ["with what Stripe once sent", "without it"])
def test_hostile_deliveries_are_refused_and_leave_nothing_behind(
    what: str, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    recorded = []
    if what == "with what Stripe once sent":
        recorded = recorded_events(request.getfixturevalue("shared_material") / "events")
    tally = fuzz.fuzz(CASES // 2, SEED, recorded)
    met = tally.by_status()
    record_property("deliveries", met.total())
    for status, times in sorted(met.items()):
        record_property(f"answered {status}", times)

    assert CASES // 2 == met.total()
    assert fuzz.ALLOWED == met.keys()
    assert len(KINDS) < len({kind for kind, _ in tally.answers})
    assert {"handled", "ignored", "parked"} <= tally.outcomes.keys()


async def test_everything_that_stripe_once_sent_is_taken_when_it_is_signed_anew(
    shared_material: Path, tmp_path: Path
) -> None:
    recorded = recorded_events(shared_material / "events")
    siege = fuzz.Siege(tmp_path, str(SEED), recorded)
    async with siege.line() as line:
        draw = Draw(str(SEED), await siege.a_target(), siege.now, recorded)
        for number, body in enumerate(recorded):
            as_sent = draw.case("as sent", body, draw.signature(body), authentic=True)
            ours = json.dumps(json.loads(body) | {"object": "event", "livemode": False}).encode()
            of_our_mode = draw.case("of our mode", ours, draw.signature(ours), authentic=True)
            await siege.deliver(line, as_sent, f"file {number}")
            await siege.deliver(line, of_our_mode, f"file {number}")

    assert 50 < len(recorded)
    assert len(recorded) == siege.tally.answers["of our mode", 200]
    siege.check_what_is_kept()


async def test_what_is_signed_and_hostile_can_be_kept_by_postgres(database: Database, tmp_path: Path) -> None:
    siege = fuzz.Siege(tmp_path, str(SEED), [], begin=lambda: PostgresUnitOfWork(database), draw=drawn_signed)

    await siege.run(range(1, CASES_OF_POSTGRES + 1))

    assert CASES_OF_POSTGRES == siege.tally.by_status().total()
    assert {"handled", "parked"} <= siege.tally.outcomes.keys()


@pytest.mark.parametrize(
    ("case", "answer", "touched", "away"),
    [
        (A_CASE, Answer(500, [], b"{}"), True, False),
        (A_CASE, Answer(404, [], b"{}"), False, False),
        (FORGED, BELIEVED, True, False),
        (A_CASE, BELIEVED, True, False),
        (A_CASE, REFUSED, True, False),
        (FORGED, Answer(503, [], b"{}"), True, True),
        (A_CASE, Answer(503, [], b"{}"), True, False),
        (A_CASE, BELIEVED, False, False),
        (A_CASE, BELIEVED, True, True),
        (A_CASE, DISBELIEVED, False, False),
    ],
)
def test_an_answer_that_may_not_be_is_found(case: Case, answer: Answer, touched: bool, away: bool) -> None:
    assert fuzz.fault_of(case, answer, touched=touched, away=away) is not None


@pytest.mark.parametrize(
    ("case", "answer", "touched", "away"),
    [
        (A_CASE, REFUSED, False, False),
        (FORGED, DISBELIEVED, False, False),
        (A_CASE, Answer(413, [], b"{}"), False, False),
        (A_CASE, Answer(503, [], b"{}"), True, True),
    ],
)
def test_an_answer_that_may_be_passes(case: Case, answer: Answer, touched: bool, away: bool) -> None:
    assert fuzz.fault_of(case, answer, touched=touched, away=away) is None


async def test_an_event_that_is_kept_though_nobody_said_so_is_found(tmp_path: Path) -> None:
    siege = fuzz.Siege(tmp_path, str(SEED), [], draw=drawn_signed)
    await siege.run(range(1, 20))
    siege.check_what_is_kept()

    siege.kept.pop()
    with pytest.raises(fuzz.Violation):
        siege.check_what_is_kept()


async def test_a_violation_names_the_case_so_that_it_can_be_delivered_again(tmp_path: Path) -> None:
    siege = fuzz.Siege(tmp_path, "7", [])
    siege.world.container.reader.override(
        providers.Object(StripeEventReader(secrets=["whsec_of_a_stranger"], live=False))
    )

    with pytest.raises(
        fuzz.Violation, match=r"seed 7, number [0-9]+, [a-z ]+: a signature of Stripe's was not believed"
    ):
        await siege.run(range(1, 20))
