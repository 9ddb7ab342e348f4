"""The notice of a refund says what went back and what stays, in every language, and nothing that a member wrote can change it."""

from zoneinfo import ZoneInfo

import pytest

from adapters.email.deliverable import check_deliverable
from adapters.email.letters import JinjaLetterWriter
from adapters.wording.catalogues import BabelWording
from application.ports.mail import Letter, RefundNotice
from domain.member import Locale
from domain.money import Money
from letters_read import EVIL_NAMES, OVERRIDES, Page, seen, skeleton

WRITER = JinjaLetterWriter(BabelWording(ZoneInfo("Africa/Casablanca")))
HISTORY = "https://pay.example.test/dashboard/billing"
EVERY_LANGUAGE = pytest.mark.parametrize("locale", list(Locale))
TWICE = pytest.mark.parametrize("duplicate", [True, False])

AMOUNTS = {Locale.FRENCH: "300,00 MAD", Locale.ENGLISH: "MAD 300.00", Locale.ARABIC: "300,00 \u062f.\u0645."}
TOLD = {
    (Locale.ENGLISH, True): "You had already paid when this payment of MAD 300.00 arrived too.",
    (Locale.ENGLISH, False): "We have given back your payment of MAD 300.00 in full.",
    (Locale.FRENCH, True): "Votre premier paiement et l\u2019acc\u00e8s qu\u2019il ouvre restent inchang\u00e9s.",
    (Locale.FRENCH, False): "Nous vous avons rembours\u00e9 la totalit\u00e9 de votre paiement de 300,00 MAD.",
    (Locale.ARABIC, True): "\u0644\u0627 \u064a\u0644\u0632\u0645\u0643 \u0641\u0639\u0644 \u0634\u064a\u0621.",
    (Locale.ARABIC, False): "\u0631\u062f\u062f\u0646\u0627 \u0625\u0644\u064a\u0643",
}


def a_notice(locale: Locale, *, duplicate: bool, name: str = "Salma Bennani", plan_name: str = "Talent") -> Letter:
    """The notice of a talent's refund."""
    return WRITER.refund_notice(
        RefundNotice(
            to="salma@example.test",
            name=name,
            locale=locale,
            plan_name=plan_name,
            amount=Money(30000, "mad"),
            duplicate=duplicate,
            history_url=HISTORY,
        )
    )


@EVERY_LANGUAGE
@TWICE
def test_both_bodies_tell_what_went_back_and_lead_to_the_history(locale: Locale, duplicate: bool) -> None:
    letter = a_notice(locale, duplicate=duplicate)

    for body in (seen(letter.text), Page(letter.html).text()):
        assert AMOUNTS[locale] in body.replace("\u200f", "")
        assert TOLD[locale, duplicate] in body
        assert "Salma Bennani" in body
    assert [HISTORY] == Page(letter.html).links()
    assert HISTORY in letter.text.splitlines()
    check_deliverable(letter)


@EVERY_LANGUAGE
def test_a_duplicate_is_told_apart_from_any_other_refund(locale: Locale) -> None:
    one, other = a_notice(locale, duplicate=True), a_notice(locale, duplicate=False)

    assert one.subject != other.subject
    assert one.text != other.text
    assert skeleton(one) == skeleton(other)


@EVERY_LANGUAGE
@TWICE
@pytest.mark.parametrize("name", EVIL_NAMES, ids=lambda name: ascii(name)[:30])
def test_no_name_changes_anything_but_the_name(locale: Locale, duplicate: bool, name: str) -> None:
    kind = a_notice(locale, duplicate=duplicate)
    evil = a_notice(locale, duplicate=duplicate, name=name, plan_name=name or "Plan")

    assert skeleton(kind) == skeleton(evil)
    assert len(kind.text.splitlines()) == len(evil.text.splitlines())
    assert kind.subject == evil.subject
    assert all(OVERRIDES.search(part) is None for part in (evil.subject, evil.html, evil.text))
