"""The washroom: text that members and catalogues wrote, made safe to stand in a letter."""

import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"
"""The two invisible characters that spelling needs: Arabic script and emoji are written with them."""

BLANK_LETTERS: Final = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters by their class that show nothing at all."""

FIRST_STRONG_ISOLATE: Final = "\u2068"
POP_DIRECTIONAL_ISOLATE: Final = "\u2069"

LENGTH_MAX: Final = 120


def clean(text: str) -> str:
    """`text` on one line, without control, format, bidi and surrogate characters, at most LENGTH_MAX characters long.

    Text in which nothing can be seen comes out empty.
    """
    # White space goes first, so that a line break parts two words instead of joining them.
    spaced = " ".join(text.split())
    kept = "".join(letter for letter in spaced if letter in JOINERS or _is_seen(letter))
    tidy = " ".join(kept.split()) if kept.strip(JOINERS + " ") else ""
    return tidy if len(tidy) <= LENGTH_MAX else tidy[: LENGTH_MAX - 1].rstrip() + "\u2026"


def isolated(text: str) -> str:
    """`text` between the marks that keep its direction from leaking into its neighbours; for plain text."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_DIRECTIONAL_ISOLATE}"


_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter) not in _UNSEEN and letter not in BLANK_LETTERS
