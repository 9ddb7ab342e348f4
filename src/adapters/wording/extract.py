"""Bring the catalogues to what the sources say: new messages come in untranslated, and those that nobody says any more go.

Run by `make messages`. What is left to translate is then found by the tests, and by whoever starts the service.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from adapters.wording.catalogues import FOLDER, SOURCE, read_catalogue
from domain.member import Locale

SOURCES: Final = Path(__file__).parents[2]
SPOKEN: Final = ("adapters/email", "entrypoints/http/pages")
"""Where members are spoken to."""

METHODS: Final = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
OPTIONS: Final = {pattern: {"newstyle_gettext": "true", "silent": "false"} for pattern in ("**.html", "**.txt")}
KEYWORDS: Final = {"message": None, "gettext": None}
LINE_LENGTH: Final = 140

HEADER: Final = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
"""What translators' tools need to open a catalogue. No dates and no names of tools: the same messages give the same bytes."""


def messages_of(sources: Path = SOURCES, spoken: Iterable[str] = SPOKEN) -> Catalog:
    """Every message of the sources, in the order of the files."""
    found = Catalog()
    for folder in spoken:
        extracted = extract_from_dir(
            sources / folder, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS, strip_comment_tags=True
        )
        for path, _, message, comments, context in sorted(extracted, key=lambda row: (row[0], row[1])):
            found.add(message, None, [(f"{folder}/{path}", 0)], auto_comments=comments, context=context)
    return found


def update(folder: Path = FOLDER, sources: Path = SOURCES, spoken: Iterable[str] = SPOKEN) -> None:
    """Write every catalogue anew, with the translations that it has. Raises BrokenCatalogue for one that cannot be read."""
    said = messages_of(sources, spoken)
    for locale in Locale:
        if locale is SOURCE:
            continue
        known = read_catalogue(folder, locale) if (folder / f"{locale}.po").exists() else Catalog(locale.value)
        known.update(said, no_fuzzy_matching=True)
        with (folder / f"{locale}.po").open("wb") as file:
            file.write(HEADER.format(language=locale.value, plural_forms=known.plural_forms).encode())
            # Babel's own header is left out for ours.
            write_po(file, known, width=LINE_LENGTH, omit_header=True, ignore_obsolete=True, include_lineno=False)


if __name__ == "__main__":
    update()
    sys.stdout.write("The catalogues hold what the sources say.\n")
