"""The phrase books of all languages fit each other, or the writer of letters does not start."""

import re
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.email.letters import JinjaLetterWriter
from adapters.email.words import WORDS_FOLDER, BrokenWords, load_words
from domain.member import Locale

CASABLANCA = ZoneInfo("Africa/Casablanca")


def test_the_phrase_books_that_we_ship_fit_each_other() -> None:
    assert set(Locale) == load_words().keys()


@pytest.mark.parametrize("locale", [Locale.FRENCH, Locale.ARABIC, Locale.ENGLISH])
@pytest.mark.parametrize(
    ("pattern", "changed", "fault"),
    [
        (r"(?m)^title = .*\n", "", "'title' is missing|'title' is unknown"),
        (r"\A", 'extra = "x"\n', "'extra' is missing|'extra' is unknown"),
        (r"\{plan\}", "{name}", "'preheader' has other blanks"),
        (r"\{plan\}", "{plan.__class__}", "'preheader' has unknown blanks"),
        (r"\{plan\}", "{plan!r}", "'preheader' has a broken blank"),
        (r"\{plan\}", "{plan:>9}", "'preheader' has a broken blank"),
        (r"\{plan\}", "{}", "'preheader' has unknown blanks"),
        (r"\{plan\}", "{plan", "'preheader' has a broken blank"),
        (r"(?m)^title = .*$", 'title = " "', "'title' is not a text"),
        (r"(?m)^title = .*$", "title = 3", "'title' is not a text"),
        (r"(?m)^title = .*$", "title", "cannot be read"),
        (r"(?m)^title = .*$", 'title = "\u00e9"', "cannot be read"),
    ],
)
def test_phrase_books_that_do_not_fit_each_other_stop_the_start(
    tmp_path: Path, locale: Locale, pattern: str, changed: str, fault: str
) -> None:
    folder = tmp_path / "words"
    shutil.copytree(WORDS_FOLDER, folder)
    book = folder / f"{locale}.toml"
    book.write_text(re.sub(pattern, changed, book.read_text(), count=1), encoding="utf-8")

    with pytest.raises(BrokenWords, match=fault):
        JinjaLetterWriter(CASABLANCA, words_folder=folder)


def test_a_language_without_a_phrase_book_stops_the_start(tmp_path: Path) -> None:
    shutil.copytree(WORDS_FOLDER, tmp_path / "words")
    (tmp_path / "words" / "ar.toml").unlink()

    with pytest.raises(BrokenWords, match="ar"):
        load_words(tmp_path / "words")
