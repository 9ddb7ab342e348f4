"""Every language says everything, with the same blanks, or it cannot be used at all."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.wording.catalogues import FOLDER, BabelWording, BrokenCatalogue
from adapters.wording.extract import update
from domain.member import Locale

CASABLANCA = ZoneInfo("Africa/Casablanca")


def wording_with(folder: Path, text: str, locale: str = "fr") -> BabelWording:
    """The languages, one of them with this catalogue."""
    (folder / f"{locale}.po").write_text(text, encoding="utf-8")
    return BabelWording(CASABLANCA, folder)


@pytest.mark.parametrize("locale", list(Locale))
def test_every_language_that_we_ship_can_be_used(locale: Locale) -> None:
    assert locale is BabelWording(CASABLANCA).of(locale).locale


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('msgid "Paid"\nmsgstr ""\n', "fr: 'Paid' is not translated"),
        ('msgid "Paid"\nmsgstr " "\n', "fr: 'Paid' is not translated"),
        ('#, fuzzy\nmsgid "Paid"\nmsgstr "Pay"\n', "fr: 'Paid' is marked as unsure"),
        ('msgid "Pay %(amount)s"\nmsgstr "Payer"\n', "other blanks"),
        ('msgid "Pay"\nmsgstr "Payer %(amount)s"\n', "other blanks"),
        ('msgid "Pay %(amount)s"\nmsgstr "Payer %(amount)s %d"\n', "other blanks"),
        ('msgid "Pay %(amount)s"\nmsgstr "Payer %(amount)r"\n', "other blanks"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"\n', "'a' has plural forms"),
        ("no catalogue\n", "cannot be read"),
    ],
)
def test_a_catalogue_that_does_not_say_everything_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(BrokenCatalogue, match=fault):
        wording_with(tmp_path, text).of(Locale.FRENCH)


def test_a_language_without_a_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenCatalogue, match=r"ar: ar\.po cannot be read"):
        BabelWording(CASABLANCA, tmp_path).of(Locale.ARABIC)


def test_the_catalogues_hold_what_the_sources_say_and_nothing_else(tmp_path: Path) -> None:
    """A message that was added or changed is brought in by `make messages`, and then waits for its translators."""
    for path in FOLDER.glob("*.po"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    update(tmp_path)

    for path in FOLDER.glob("*.po"):
        assert path.read_text(encoding="utf-8") == (tmp_path / path.name).read_text(encoding="utf-8")
