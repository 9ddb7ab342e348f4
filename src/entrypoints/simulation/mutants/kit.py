"""How a bug is planted: a part of the code is replaced while a world runs, and put back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct


class Patch(Struct, frozen=True):
    """What is replaced: an attribute of a class or a module."""

    owner: object
    name: str
    replacement: object


class Mutant(Struct, frozen=True):
    """A bug: its name, what it breaks in one sentence, and what it replaces."""

    name: str
    breaks: str
    patches: tuple[Patch, ...]


MUTANTS: Final[dict[str, Mutant]] = {}
"""Every planted bug by its name."""


def mutant(name: str, breaks: str, *patches: Patch) -> None:
    """Add a bug."""
    MUTANTS[name] = Mutant(name, breaks, patches)


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """The code with one bug in it; as it is for null. Raises KeyError for an unknown name."""
    patches = MUTANTS[name].patches if name is not None else ()
    before = [(patch, vars(patch.owner)[patch.name]) for patch in patches]
    try:
        for patch in patches:
            _set(patch.owner, patch.name, patch.replacement)
        yield
    finally:
        for patch, original in before:
            _set(patch.owner, patch.name, original)


def _set(owner: object, name: str, value: object) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    else:
        setattr(owner, name, value)


async def does_nothing(*_: object, **__: object) -> None:
    """Stands in for any work whose leaving out is the bug."""
