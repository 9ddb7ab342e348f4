"""How a member is addressed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_member
from domain.member import Locale


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("fr", Locale.FRENCH),
        ("fr-MA", Locale.FRENCH),
        ("ar", Locale.ARABIC),
        ("ar-MA", Locale.ARABIC),
        ("ar_MA", Locale.ARABIC),
        ("AR-Arab-MA", Locale.ARABIC),
        ("en-GB", Locale.ENGLISH),
        ("EN", Locale.ENGLISH),
        ("de", Locale.FRENCH),
        ("ary", Locale.FRENCH),
        ("", Locale.FRENCH),
        ("-", Locale.FRENCH),
        (None, Locale.FRENCH),
    ],
)
def test_the_best_language_for_a_tag(tag: str | None, locale: Locale) -> None:
    assert locale is Locale.best(tag)


@given(st.text("aefnrAFR-_ \u0627", max_size=12))
def test_any_text_has_a_language(tag: str) -> None:
    assert Locale.best(tag) in Locale


def test_a_member_is_addressed_in_french_unless_they_say_otherwise() -> None:
    assert Locale.FRENCH is a_member().locale
