"""`make bench-check` fails when something is worse than its bound, and says what."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from bench.bounds import Bound, Bounds, broken, read_bounds
from bench.figures import Figure
from bench.measure import Measurement
from bench.once import ONCE
from bench.paths import PATHS
from bench.report import Results


def measured(program: str, round: int, *, server_us: float, a_second: float = 1000) -> Measurement:
    return Measurement(
        path="access",
        program=program,
        connections=16,
        round=round,
        requests=1,
        a_second=a_second,
        p50_ms=1,
        p99_ms=1,
        server_us=server_us,
        postgres_us=100,
        load_us=0,
        wal_bytes=0,
        foreign_cores=0,
    )


def a_run(*, of_service: float = 140, idle_mb: float = 100) -> Results:
    """The service takes 1.4 times as much as bare in each of two rounds, though the machine was half as fast in the second."""
    return Results(
        at=datetime(2026, 11, 24, tzinfo=UTC),
        machine={},
        postgres={},
        measurements=[
            measured("service", 1, server_us=of_service),
            measured("bare", 1, server_us=100, a_second=2000),
            measured("bare", 2, server_us=200, a_second=1000),
            measured("service", 2, server_us=2 * of_service, a_second=500),
        ],
        once=[Figure(name="memory_idle", about="idle", program="service", value=idle_mb, unit="MB")],
    )


CPU = Bound(path="access", connections=16, figure="server_us", against="bare", at_most=1.5)
RATE = Bound(path="access", connections=16, figure="a_second", against="bare", at_least=0.5)
IDLE = Bound(figure="memory_idle", at_most=110)
ALL = {"access", "memory"}


def test_what_is_within_its_bounds_passes() -> None:
    assert [] == list(broken(Bounds(bound=[CPU, RATE, IDLE]), a_run(), ALL))


def test_a_ratio_worse_than_its_bound_is_named_with_both() -> None:
    assert ["access x16 server_us of service to bare: 1.6, to be at most 1.5: at most 1.5 is allowed"] == list(
        broken(Bounds(bound=[CPU]), a_run(of_service=160), ALL)
    )


def test_a_figure_that_is_to_be_large_fails_when_it_is_small() -> None:
    wanted = msgspec.structs.replace(RATE, at_least=0.6)

    assert ["access x16 a_second of service to bare: 0.5, to be at least 0.6: at least 0.6 is allowed"] == list(
        broken(Bounds(bound=[wanted]), a_run(), ALL)
    )


@pytest.mark.parametrize(("value", "failures"), [(100, 0), (149, 0), (151, 1)])
def test_what_is_not_reached_yet_may_not_get_worse_by_more_than_a_quarter(value: float, failures: int) -> None:
    bound = Bound(figure="memory_idle", at_most=110, measured=120)

    assert failures == len(list(broken(Bounds(not_reached=[bound]), a_run(idle_mb=value), ALL)))


def test_a_bound_that_was_asked_for_and_not_measured_fails() -> None:
    bound = Bound(figure="memory_growth", at_most=5)

    assert ["memory_growth of service: not measured"] == list(broken(Bounds(bound=[bound]), a_run(), ALL))
    assert [] == list(broken(Bounds(bound=[bound]), a_run(), {"access"}))


def test_every_bound_of_the_product_is_of_something_that_is_measured() -> None:
    bounds = read_bounds()
    every = [*bounds.bound, *bounds.not_reached]

    assert 17 == len(every)
    assert [] == [one.about for one in every if (one.path or one.figure.partition("_")[0]) not in {*PATHS, *ONCE}]


@pytest.mark.parametrize(
    "text",
    [
        '[[bound]]\nfigure = "memory_idle"\n',
        '[[bound]]\nfigure = "memory_idle"\nat_most = 1.0\nat_least = 1.0\n',
        '[[bound]]\nfigure = "memory_idle"\nat_most = 1.0\nmeasured = 2.0\n',
        '[[not_reached]]\nfigure = "memory_idle"\nat_most = 1.0\n',
    ],
)
def test_a_file_of_bounds_that_says_nothing_clear_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bounds.toml"
    path.write_text(text, encoding="ascii")

    with pytest.raises(ValueError, match=r"needs|stands"):
        read_bounds(path)
