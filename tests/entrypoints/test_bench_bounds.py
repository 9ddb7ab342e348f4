"""The check of speed fails when a ratio is worse than its bound, and when it was not measured."""

import pytest
from bench.bounds import Bound, check, read_bounds
from bench.measure import Measurement
from msgspec.structs import replace

BARE = Measurement(
    path="webhook",
    program="bare",
    connections=32,
    round=1,
    requests=1000,
    a_second=1000.0,
    p50_ms=1.0,
    p99_ms=2.0,
    server_us=100.0,
    postgres_us=200.0,
    load_us=10.0,
    wal_bytes=5000.0,
    foreign_cores=0.0,
)
SERVICE = replace(BARE, program="service", server_us=150.0, a_second=800.0)


def bound(figure: str, worst: float) -> Bound:
    """A bound on one figure."""
    return Bound(path="webhook", connections=32, figure=figure, against="bare", wanted=1.0, worst=worst)  # type: ignore[arg-type] # as read


@pytest.mark.parametrize(
    ("figure", "worst", "good"),
    [("server_us", 1.5, True), ("server_us", 1.49, False), ("a_second", 0.8, True), ("a_second", 0.81, False)],
)
def test_a_ratio_that_is_worse_than_its_bound_fails_the_check(
    capsys: pytest.CaptureFixture[str], figure: str, worst: float, good: bool
) -> None:
    assert good is check([bound(figure, worst)], [BARE, SERVICE])
    assert ("worse" in capsys.readouterr().out) is not good


def test_what_was_not_measured_fails_the_check() -> None:
    assert not check([bound("server_us", 9.0)], [SERVICE])
    assert not check([bound("server_us", 9.0)], [BARE, replace(SERVICE, connections=8)])


def test_the_file_of_bounds_can_be_read() -> None:
    assert 5 < len(read_bounds())
