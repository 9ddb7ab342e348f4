"""What all tables are declared with."""

from typing import Final

from sqlalchemy import DateTime

Instant: Final = DateTime(timezone=True)


def one_of(words: object) -> str:
    """The words of an enumeration as a SQL list, in a fixed order."""
    return ", ".join(f"'{word}'" for word in sorted(words))  # type: ignore[call-overload] # any iterable of strings
