"""A paid year is a calendar year on the wall clock of the billing time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.subscription import year_after

CASABLANCA = ZoneInfo("Africa/Casablanca")
ZONES = [
    ZoneInfo(name)
    for name in ("Africa/Casablanca", "UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")
]
HOUR = timedelta(hours=1)

START = datetime(2024, 1, 1, tzinfo=UTC)
instants = st.timedeltas(timedelta(0), timedelta(days=36 * 365)).map(lambda passed: START + passed)
zones = st.sampled_from(ZONES)


def wall(text: str, zone: ZoneInfo = CASABLANCA, fold: int = 0) -> datetime:
    """The instant at which the wall clocks of a zone show a time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def shown(instant: datetime, zone: ZoneInfo = CASABLANCA) -> str:
    """What the wall clocks of a zone show at an instant."""
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def test_a_year_ends_at_the_same_time_of_the_same_day() -> None:
    assert "2027-01-15 13:00:00" == shown(year_after(wall("2026-01-15 13:00:00"), CASABLANCA))


def test_the_answer_is_in_utc() -> None:
    assert timedelta(0) == year_after(wall("2026-01-15 13:00:00"), CASABLANCA).utcoffset()


def test_a_year_from_29_february_ends_on_28_february() -> None:
    assert "2029-02-28 10:30:00" == shown(year_after(wall("2028-02-29 10:30:00"), CASABLANCA))


def test_the_day_that_counts_is_that_of_the_billing_zone() -> None:
    """23:30 UTC on 28 February is half past midnight on the 29th in Morocco."""
    bought = datetime(2032, 2, 28, 23, 30, tzinfo=UTC)

    assert "2032-02-29 00:30:00" == shown(bought)
    assert "2033-02-28 00:30:00" == shown(year_after(bought, CASABLANCA))


def test_a_year_that_crosses_29_february_has_366_days() -> None:
    bought = wall("2027-06-01 10:00:00")

    assert timedelta(days=366) == year_after(bought, CASABLANCA) - bought


def test_buying_in_ramadan_and_ending_outside_of_it_keeps_the_wall_clock() -> None:
    """Ramadan 2026 began on 18 February, when the offset was 0; on 10 March 2027 it has just ended again, with +1."""
    bought = wall("2026-03-15 12:00:00")
    ends = year_after(bought, CASABLANCA)

    assert timedelta(0) == bought.astimezone(CASABLANCA).utcoffset()
    assert HOUR == ends.astimezone(CASABLANCA).utcoffset()
    assert "2027-03-15 12:00:00" == shown(ends)
    assert timedelta(days=365) - HOUR == ends - bought


def test_buying_outside_ramadan_and_ending_inside_of_it_keeps_the_wall_clock() -> None:
    bought = wall("2026-02-10 12:00:00")
    ends = year_after(bought, CASABLANCA)

    assert HOUR == bought.astimezone(CASABLANCA).utcoffset()
    assert timedelta(0) == ends.astimezone(CASABLANCA).utcoffset()
    assert timedelta(days=365) + HOUR == ends - bought


def test_a_year_that_would_end_in_an_hour_that_is_skipped_ends_an_hour_later_on_the_clock() -> None:
    """Clocks in Morocco go from 02:00 to 03:00 on 22 March 2026: no clock shows 02:30."""
    ends = year_after(wall("2025-03-22 02:30:00"), CASABLANCA)

    assert "2026-03-22 03:30:00" == shown(ends)


def test_a_year_that_would_end_in_an_hour_that_comes_twice_ends_in_the_first() -> None:
    """Clocks in Morocco go from 03:00 back to 02:00 on 15 February 2026."""
    ends = year_after(wall("2025-02-15 02:30:00"), CASABLANCA)

    assert wall("2026-02-15 02:30:00") == ends
    assert wall("2026-02-15 02:30:00", fold=1) - HOUR == ends


def test_a_day_that_a_zone_left_out_does_not_take_time_away() -> None:
    """Samoa had no 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    bought = wall("2010-12-30 12:00:00", apia)

    assert "2011-12-31 12:00:00" == shown(year_after(bought, apia), apia)


@given(instants, zones)
def test_a_year_is_365_or_366_days_give_or_take_the_change_of_the_offset(instant: datetime, zone: ZoneInfo) -> None:
    length = year_after(instant, zone) - instant

    assert timedelta(days=365) - HOUR <= length <= timedelta(days=366) + HOUR


@given(instants, zones, st.timedeltas(timedelta(days=2), timedelta(days=800)))
def test_who_pays_days_later_never_has_less_time(instant: datetime, zone: ZoneInfo, later: timedelta) -> None:
    """Days, because 28 and 29 February end on one day, and because an hour may be skipped or come twice."""
    assert year_after(instant, zone) <= year_after(instant + later, zone)


@given(st.timedeltas(timedelta(0), timedelta(days=3 * 365)), st.sampled_from([CASABLANCA, ZoneInfo("Europe/Paris")]))
def test_a_hundred_renewals_drift_by_no_day(passed: timedelta, zone: ZoneInfo) -> None:
    instant = START + passed
    first = instant.astimezone(zone)
    ends = instant
    for _ in range(100):
        later = year_after(ends, zone)
        assert later > ends
        ends = later

    last = ends.astimezone(zone)
    leap_day = (first.month, first.day) == (2, 29)
    assert date(first.year + 100, first.month, 28 if leap_day else first.day) == last.date()
    on_the_clock = datetime.combine(last.date(), last.time()) - datetime.combine(last.date(), first.time())
    assert timedelta(0) <= on_the_clock <= HOUR


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_every_hour_of_two_years_has_a_year_after_it(zone: ZoneInfo) -> None:
    start = datetime(2025, 12, 1, tzinfo=UTC)

    for hours in range(0, 24 * 730, 5):
        instant = start + timedelta(hours=hours)
        assert year_after(instant, zone) > instant
