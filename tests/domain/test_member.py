"""How a member is addressed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_member
from domain.member import Locale, UserId, is_email, is_user_id, short_name


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


@pytest.mark.parametrize(
    "email", ["a@b.co", "o'neil+x@mail.example.org", "A_b-c.d@x-y.example", "1@2.ma", "a" * 64 + "@example.org"]
)
def test_an_address_that_mail_can_be_sent_to(email: str) -> None:
    assert is_email(email)


@pytest.mark.parametrize(
    "email",
    [
        *(
            "",
            "@",
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a@b@c.co",
            "<a@b.co>",
            "a,b@c.co",
            'o"d"@c.co',
            "a b@c.co",
            "a@b..co",
            "a@.b.co",
        ),
        *(
            "a@b.co.",
            ".a@b.co",
            "a.@b.co",
            "a..b@c.co",
            "a@-b.co",
            "a@b_c.co",
            "a@b.co\n",
            "a\x00@b.co",
            "\u00e9@b.co",
            "a@\u00e9.co",
        ),
        "a" * 250 + "@b.co",
    ],
)
def test_an_address_that_no_mail_would_reach(email: str) -> None:
    assert not is_email(email)


@pytest.mark.parametrize("user_id", ["u", "x" * 128, "auth0|1", "\u0633", "a b"])
def test_a_user_id(user_id: str) -> None:
    assert is_user_id(user_id)


@pytest.mark.parametrize("user_id", ["", "x" * 129, "org/7", "a\n", "\u202e"])
def test_what_cannot_be_a_user_id(user_id: str) -> None:
    assert not is_user_id(user_id)


@pytest.mark.parametrize(
    ("user_id", "kept"), [("user_1", True), ("x" * 128, True), ("\u064a" * 100, True), ("\u064a" * 128, False)]
)
def test_a_long_id_is_shortened_for_others_and_two_long_ones_stay_apart(user_id: str, kept: bool) -> None:
    short = short_name(UserId(user_id))

    assert kept == (user_id == short)
    assert len(short.encode()) <= 200
    assert short != short_name(UserId(user_id[:-1] + "z"))
