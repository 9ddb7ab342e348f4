"""Questions in the words of the store: a statement by its name, or the commit of a unit of work."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from adapters.postgres.statements import STATEMENTS
from adapters.postgres.transaction import Part, composed
from bench.growth.asked import Question, Values
from bench.growth.sample import Sample

Wanted: TypeAlias = Callable[[Sample], Mapping[str, object]]


def question(name: str, what: str, wanted: Wanted, big: Wanted | None = None, *, grows: str | None = None) -> Question:
    """A question that is one statement."""
    statement = STATEMENTS[name]
    return Question(
        name=name,
        what=what,
        sql=statement.sql,
        values=lambda sample: statement.arguments(wanted(sample)),
        of_big=None if big is None else lambda sample: statement.arguments(big(sample)),
        known_to_grow=grows,
    )


def saved(what: str, *parts: tuple[str, Wanted], name: str, big: Wanted | None = None) -> Question:
    """The statement that a unit of work sends at commit. The parameters that `big` names differ for the big member."""
    statements = [STATEMENTS[part] for part, _ in parts]
    wanted = [asked for _, asked in parts]

    def values(sample: Sample, also: Mapping[str, object]) -> Values:
        given: list[object] = []
        for statement, one in zip(statements, wanted, strict=True):
            known = one(sample)
            given += statement.arguments({**known, **{key: also[key] for key in also if key in known}})
        return given

    return Question(
        name=name,
        what=what,
        sql=composed(tuple(Part(statement, several=False) for statement in statements)),
        values=lambda sample: values(sample, {}),
        of_big=None if big is None else lambda sample: values(sample, big(sample)),
    )
