"""Words of the domain as SQL has them."""


def one_of(words: object) -> str:
    """The words of an enumeration as a SQL list, in a fixed order."""
    return ", ".join(f"'{word}'" for word in sorted(words))  # type: ignore[call-overload] # any iterable of strings
