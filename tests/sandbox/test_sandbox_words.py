"""The hosted page speaks its reader's language, shows what was wrong where it was wrong, and stays small."""

from pathlib import Path

import pytest
from babel.messages.extract import extract

from entrypoints.sandbox.cards import CARDS, DELAYED_REFUSED, NOT_AUTHENTICATED, REAL_CARD
from entrypoints.sandbox.words import LANGUAGES, TRANSLATIONS_FOLDER, Reader, reader_of, translations
from sandbox.sandbox_world import World

SANDBOX = Path(__file__).parents[2] / "src" / "entrypoints" / "sandbox"
PAGE_BYTES_MAX = 50_000


def messages() -> set[str]:
    """Everything that the hosted page can say."""
    declines = [card.decline.message for card in CARDS.values() if card.decline]
    found = {card.label for card in CARDS.values()} | {*declines, NOT_AUTHENTICATED.message, DELAYED_REFUSED.message}
    for pattern, method, keyword in (
        ("templates/*.html", "jinja2.ext:babel_extract", "_"),
        ("*.py", "python", "phrase"),
    ):
        for path in SANDBOX.glob(pattern):
            with path.open("rb") as source:
                found |= {str(message) for _, message, _, _ in extract(method, source, keywords={keyword: None})}
    return found | {REAL_CARD}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_message_is_translated_and_no_translation_is_left_over(language: str) -> None:
    assert messages() == set(translations(language))


@pytest.mark.parametrize("language", LANGUAGES[1:])
def testtranslations_have_the_blanks_of_their_messages(language: str) -> None:
    values = dict.fromkeys(("merchant", "name", "quantity", "price", "amount", "moment"), "filled")
    for message, translation in translations(language).items():
        assert message.count("%(") == translation.count("%(")
        assert (message % values).count("filled") == (translation % values).count("filled")


def test_every_catalogue_is_of_a_language_that_is_offered() -> None:
    assert set(LANGUAGES[1:]) == {path.stem for path in TRANSLATIONS_FOLDER.iterdir()}


@pytest.mark.parametrize(
    ("locale", "accepted", "language"),
    [
        ("fr", "en", "fr"),
        ("fr-CA", "", "fr"),
        ("en-GB", "fr", "en"),
        ("de", "fr", "en"),
        ("auto", "fr-MA,fr;q=0.9,en;q=0.8", "fr"),
        (None, "en;q=0.5,fr;q=0.7", "fr"),
        (None, "ar-MA,ar;q=0.9,fr;q=0.8,en;q=0.7", "fr"),
        (None, "ar,en,fr;q=0.1", "en"),
        (None, "ar", "en"),
        (None, "fr;q=0", "en"),
        (None, "fr;q=much,;;,=,*", "en"),
        (None, "", "en"),
    ],
)
def test_the_session_decides_on_the_language_and_then_the_browser(
    locale: str | None, accepted: str, language: str
) -> None:
    assert language == reader_of(locale, accepted).language


@pytest.mark.parametrize(
    ("language", "amount_minor", "currency", "program", "person"),
    [
        ("en", 30000, "mad", "300.00", "MAD\u00a0300.00"),
        ("fr", 30000, "mad", "300.00", "300,00\u00a0MAD"),
        ("en", 99_999_999, "usd", "999999.99", "$999,999.99"),
        ("fr", 99_999_999, "eur", "999999.99", "999\u202f999,99\u00a0\u20ac"),
        ("en", 33_360_000, "jod", "33360.000", "JOD\u00a033,360.000"),
        ("en", 150, "ugx", "1.50", "UGX\u00a01.50"),
        ("en", 0, "jpy", "0", "\u00a50"),
    ],
)
def test_amounts_are_written_as_the_reader_writes_them_and_once_for_programs(
    language: str, amount_minor: int, currency: str, program: str, person: str
) -> None:
    expected = f'<data class="amount" value="{program}">{person}</data>'

    assert expected == Reader(language).amount(amount_minor, currency)


def test_what_fills_a_blank_brings_no_markup_along() -> None:
    assert "Pour &lt;b&gt;" == Reader("fr").say("For %(name)s", name="<b>")


async def test_every_page_of_a_session_is_in_its_language(world: World) -> None:
    session = await world.session(locale="fr")
    opened = await world.web.get(f"/c/pay/{session.id}")
    declined = await world.pay(session.id, "4000000000000002")
    await world.pay(session.id, "4000002760003184")
    asking = await world.web.get(f"/c/pay/{session.id}")
    unknown = await world.web.get("/c/pay/cs_test_nobody", headers={"Accept-Language": "ar,fr;q=0.5"})

    for page in (opened, declined, asking, unknown):
        assert '<html lang="fr" dir="ltr">' in page.text
        assert "fr" == page.headers["content-language"]
        assert "Environnement de test" in page.text
    assert "300,00\u00a0MAD" in opened.text
    assert "Votre carte a \u00e9t\u00e9 refus\u00e9e." in declined.text


async def test_a_decline_is_announced_and_has_the_focus(world: World) -> None:
    session = await world.session()
    page = await world.press(session.id, test_card="4000000000000002", email="amal@example.com")

    assert 'role="alert" id="fault" tabindex="-1" autofocus' in page.text
    assert 'value="amal@example.com"' in page.text


async def test_a_field_filled_in_wrongly_is_named_keeps_the_others_and_has_the_focus(world: World) -> None:
    session = await world.session()
    card = {"card_number": "4242 4242 4242 4242", "card_expiry": "01/20", "card_cvc": "7531"}
    page = await world.press(session.id, action="pay", **card)

    assert 'value="01/20" aria-invalid="true" aria-describedby="fault" autofocus>' in page.text
    assert 'value="4242 4242 4242 4242"' in page.text
    assert 1 == page.text.count("autofocus")
    assert "7531" not in page.text


async def test_numbers_of_real_cards_do_not_come_back(world: World) -> None:
    session = await world.session()
    page = await world.pay(session.id, "4111111111111111")

    assert "4111111111111111" not in page.text


async def test_enter_in_a_field_presses_pay_and_no_test_card(world: World) -> None:
    session = await world.session()
    page = await world.web.get(f"/c/pay/{session.id}")
    first = min(page.text.index("<button"), page.text.index('type="submit"'))

    assert page.text[first:].startswith('type="submit" name="action" value="pay"')


async def test_fields_say_what_they_are_for(world: World) -> None:
    session = await world.session()
    page = await world.web.get(f"/c/pay/{session.id}")

    for purpose in ("email", "cc-number", "cc-exp", "cc-csc", "cc-name"):
        assert f'autocomplete="{purpose}"' in page.text
    assert 3 == page.text.count('inputmode="numeric"')


async def test_the_page_and_its_style_are_small_and_ask_nobody_else(world: World) -> None:
    session = await world.session(cancel_url=None)
    page = await world.web.get(f"/c/pay/{session.id}")
    style = await world.web.get("/assets/sandbox.css")

    assert PAGE_BYTES_MAX > len(page.content) + len(style.content)
    for text in (page.text, style.text):
        assert "http" not in text
