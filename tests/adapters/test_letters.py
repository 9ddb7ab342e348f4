"""The confirmation tells every member the same facts in their own language, and nothing that they wrote can change the letter."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from adapters.email.deliverable import check_deliverable
from adapters.email.letters import JinjaLetterWriter
from adapters.wording.catalogues import BabelWording
from application.ports.mail import Letter, PaymentConfirmation
from domain.member import Locale
from domain.money import Money
from letters_read import EVIL_NAMES, OVERRIDES, Page, seen, skeleton

CASABLANCA = ZoneInfo("Africa/Casablanca")
WORDING = BabelWording(CASABLANCA)
WRITER = JinjaLetterWriter(WORDING)
EVERY_LANGUAGE = pytest.mark.parametrize("locale", list(Locale))


def a_confirmation(**changes: Any) -> PaymentConfirmation:  # Any: fields of several types
    """What a talent in Casablanca paid in May."""
    facts = PaymentConfirmation(
        to="salma@example.test",
        name="Salma Bennani",
        locale=Locale.FRENCH,
        plan_name="Adh\u00e9sion Talent",
        amount=Money(30000, "mad"),
        paid_at=datetime(2026, 5, 2, 10, 15, tzinfo=UTC),
        period_start=datetime(2026, 5, 2, 10, 15, tzinfo=UTC),
        period_end=datetime(2027, 5, 2, 10, 15, tzinfo=UTC),
        receipt_number="2026-000001",
        receipt_url="https://pay.example.test/dashboard/billing/1/receipt?a=1&b=2",
    )
    return replace(facts, **changes)


def the_letter(**changes: Any) -> Letter:  # Any: fields of several types
    """The letter about `a_confirmation`, from Casablanca."""
    return WRITER.confirmation(a_confirmation(**changes))


MAY = "\u0645\u0627\u064a"
FACTS = {
    Locale.FRENCH: ["300,00 MAD", "2 mai 2026", "Du 2 mai 2026 au 2 mai 2027", "11:15 (heure de Casablanca)"],
    Locale.ENGLISH: ["MAD 300.00", "May 2, 2026", "From May 2, 2026 to May 2, 2027", "11:15 AM (Casablanca time)"],
    Locale.ARABIC: ["\u200f300,00 \u062f.\u0645.\u200f", f"2 {MAY} 2026", f"2 {MAY} 2027", "11:15"],
}


@EVERY_LANGUAGE
def test_both_bodies_tell_every_fact(locale: Locale) -> None:
    letter = the_letter(locale=locale)

    for fact in ["Salma Bennani", "Adh\u00e9sion Talent", "2026-000001", "Talents Acting", *FACTS[locale]]:
        assert fact in seen(letter.text)
        assert fact in Page(letter.html).text()
    assert a_confirmation().receipt_url in letter.text.splitlines()
    assert [a_confirmation().receipt_url] == Page(letter.html).links()


@EVERY_LANGUAGE
def test_every_sentence_of_the_plain_text_stands_in_the_html(locale: Locale) -> None:
    letter = the_letter(locale=locale)
    page = Page(letter.html).text()

    for line in letter.text.splitlines():
        for part in re.split(r"\s?: |\s?:$", line):
            assert part == a_confirmation().receipt_url or seen(part) in page


@EVERY_LANGUAGE
def test_the_page_names_its_language_and_direction_also_where_a_client_strips_the_head(locale: Locale) -> None:
    page = Page(the_letter(locale=locale).html)
    direction = "rtl" if locale is Locale.ARABIC else "ltr"

    told = [attributes for tag, attributes in page.elements if tag in {"html", "div"} and "lang" in attributes]
    assert 2 == len(told)
    assert {(str(locale), direction)} == {(attributes["lang"], attributes["dir"]) for attributes in told}


@EVERY_LANGUAGE
def test_a_letter_is_fit_for_mail_clients(locale: Locale) -> None:
    html = the_letter(locale=locale).html
    page = Page(html)

    assert html.index("<meta charset") < 200
    assert "prefers-color-scheme: dark" in html
    assert 'name="supported-color-schemes"' in html
    assert ":root { color-scheme: light dark; supported-color-schemes: light dark; }" in html
    for never in ("<img", "url(", "<script"):
        assert never not in html
    assert 100_000 > len(html.encode())  # longer mails are cut off by Gmail at 102 kB
    unstyled = [tag for tag, attributes in page.elements if tag in {"td", "p", "a", "h1"} and "style" not in attributes]
    assert [] == unstyled


@EVERY_LANGUAGE
@pytest.mark.parametrize("name", EVIL_NAMES, ids=lambda name: ascii(name)[:30])
def test_no_name_changes_anything_but_the_name(locale: Locale, name: str) -> None:
    kind = the_letter(locale=locale)
    evil = the_letter(locale=locale, name=name, plan_name=name or "Plan", receipt_number=name or "1")
    about_evil_name = the_letter(locale=locale, name=name)

    assert skeleton(kind) == skeleton(evil)
    assert len(kind.text.splitlines()) == len(evil.text.splitlines())
    assert kind.subject == about_evil_name.subject
    for part in (evil.subject, evil.html, evil.text):
        assert OVERRIDES.search(part) is None
        assert part.count("\u2068") == part.count("\u2069")
    assert "\n" not in evil.subject
    assert "49" not in seen(about_evil_name.text)
    check_deliverable(about_evil_name)


def test_markup_in_a_name_is_shown_and_not_obeyed() -> None:
    name = "<b>Salma</b> {{7*7}} & {name}"
    letter = the_letter(name=name)

    assert f"Bonjour {name}," in seen(letter.text)
    assert f"Bonjour {name}," in Page(letter.html).text()


@EVERY_LANGUAGE
def test_names_stand_apart_so_that_their_direction_does_not_leak(locale: Locale) -> None:
    letter = the_letter(locale=locale, name="\u0633\u0644\u0645\u0649", plan_name="Talent")

    assert "<bdi>\u0633\u0644\u0645\u0649</bdi>" in letter.html
    assert "<bdi>Talent</bdi>" in letter.html
    assert '<bdi dir="ltr">2026-000001</bdi>' in letter.html
    assert "\u2068\u0633\u0644\u0645\u0649\u2069" in letter.text


def test_no_line_ends_within_the_brand_or_between_a_date_and_its_preposition() -> None:
    assert 'style="white-space:nowrap">Talents Acting</bdi>' in the_letter(locale=Locale.ARABIC).html
    assert "au\u00a02 mai 2027" in the_letter().text


def test_a_receipt_number_in_an_arabic_line_stays_in_order() -> None:
    letter = the_letter(locale=Locale.ARABIC)

    assert "\u20682026-000001\u2069" in letter.subject
    assert "\u20682026-000001\u2069" in letter.text


def test_a_member_without_a_name_is_greeted_without_one() -> None:
    assert the_letter(name=" \u202e\r\n").text.startswith("Bonjour,\n")


@pytest.mark.parametrize(
    ("money", "locale", "written"),
    [
        (Money(150000, "mad"), Locale.FRENCH, "1\u202f500,00\u00a0MAD"),
        (Money(150000, "mad"), Locale.ENGLISH, "MAD\u00a01,500.00"),
        (Money(150000, "mad"), Locale.ARABIC, "\u200f1.500,00\u00a0\u062f.\u0645.\u200f"),
        (Money(3000, "usd"), Locale.FRENCH, "30,00\u00a0$US"),
        (Money(3000, "usd"), Locale.ENGLISH, "$30.00"),
        (Money(3000, "usd"), Locale.ARABIC, "\u200f30,00\u00a0US$\u200e"),
        (Money(5000, "jpy"), Locale.FRENCH, "5\u202f000\u00a0JPY"),
        (Money(5000, "jpy"), Locale.ENGLISH, "\u00a55,000"),
        (Money(1250, "kwd"), Locale.FRENCH, "1,250\u00a0KWD"),
        (Money(1250, "kwd"), Locale.ENGLISH, "KWD\u00a01.250"),
        (Money(1250, "tnd"), Locale.ARABIC, "\u200f1,250\u00a0\u062f.\u062a.\u200f"),
        (Money(1200, "isk"), Locale.ENGLISH, "ISK\u00a012"),
        (Money(1250, "all"), Locale.ENGLISH, "ALL\u00a012.50"),
        (Money(0, "mad"), Locale.FRENCH, "0,00\u00a0MAD"),
        (Money(99_999_999, "mad"), Locale.FRENCH, "999\u202f999,99\u00a0MAD"),
    ],
    ids=str,
)
def test_amounts_follow_the_rules_of_their_currency_and_language(money: Money, locale: Locale, written: str) -> None:
    letter = the_letter(amount=money, locale=locale)

    assert written in letter.text
    assert written in letter.subject
    assert written in "".join(Page(letter.html).said)


@pytest.mark.parametrize(
    ("zone", "locale", "told"),
    [
        ("Africa/Casablanca", Locale.FRENCH, "1er janvier 2027 \u00e0 00:30 (heure de Casablanca)"),
        ("UTC", Locale.FRENCH, "31 d\u00e9cembre 2026 \u00e0 23:30 (heure de UTC)"),
        ("Pacific/Auckland", Locale.ENGLISH, "January 1, 2027 at 12:30 PM (Auckland time)"),
        ("America/New_York", Locale.ENGLISH, "December 31, 2026 at 6:30 PM (New York time)"),
    ],
)
def test_times_are_those_of_the_billing_time_zone(zone: str, locale: Locale, told: str) -> None:
    facts = a_confirmation(locale=locale, period_end=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    letter = JinjaLetterWriter(BabelWording(ZoneInfo(zone))).confirmation(facts)

    assert told in seen(letter.text)


def test_the_hour_of_ramadan_moves_the_clock_of_casablanca() -> None:
    """Morocco leaves UTC+1 for UTC during Ramadan, in 2026 from 15 February to 22 March."""
    during, after = (the_letter(period_end=datetime(2026, month, 1, 9, 5, tzinfo=UTC)).text for month in (3, 5))

    assert "09:05" in during
    assert "10:05" in after


def test_the_letter_says_whom_to_tell_about_a_payment_by_somebody_else() -> None:
    facts = a_confirmation(locale=Locale.ENGLISH)
    by_reply = JinjaLetterWriter(WORDING).confirmation(facts)
    by_mail = JinjaLetterWriter(WORDING, contact="help@example.test").confirmation(facts)

    assert "Please reply to this e-mail" in by_reply.text
    assert "Please write to help@example.test" in by_mail.text
    assert "Please write to help@example.test" in Page(by_mail.html).text()


@EVERY_LANGUAGE
def test_the_same_facts_make_the_same_bytes(locale: Locale) -> None:
    facts = a_confirmation(locale=locale)

    assert WRITER.confirmation(facts) == JinjaLetterWriter(WORDING).confirmation(facts)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "/receipt", "//example.test", "https://", 'https://a.test/"x y', "data:,", ""]
)
def test_a_link_that_is_no_web_address_stops_the_letter(address: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        the_letter(receipt_url=address)


def test_a_time_that_could_mean_any_hour_stops_the_letter() -> None:
    with pytest.raises(ValueError, match="offset"):
        the_letter(paid_at=datetime(2026, 5, 2, 10, 15))  # noqa: DTZ001 - the point of the test
