"""Whether programs over the same rows answer the same: a comparison with a program that says less would be worth nothing."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from bench.load import Load
from bench.measure import NotAnswered, Served

ASKED: Final = 5
ONLY_NOW: Final = re.compile(r'name="csrf_token" value="[^"]*"|datetime="[^"]*"')
"""What a page says of the moment at which it was made."""


class Different(Exception):
    """Two programs answered the same request differently."""


async def check_same(path: str, targets: Sequence[Served]) -> None:
    """Raises Different unless all of them answer some requests alike: the same JSON, or the same page but for the moment."""
    found: dict[str, list[object]] = {}
    for target in targets:
        work = await target.prepared(path, ASKED)
        load = Load(work.requests, seconds_max=60, look_at_all=True)
        answers = await load.run(target.program.port, 1)
        if answers.first_fault:
            raise NotAnswered(f"{target.name} answered {dict(answers.statuses)}, first with: {answers.first_fault}")
        found[target.name] = [content(answers.samples[number]) for number in sorted(answers.samples)]
    first, *others = found.items()
    for name, answered in others:
        for one, another in zip(first[1], answered, strict=True):
            if one != another:
                raise Different(f"{path}: {first[0]} answers {one}, {name} answers {another}")


def content(body: bytes) -> object:
    """What an answer says."""
    if body.startswith(b"{"):
        return msgspec.json.decode(body)
    return ONLY_NOW.sub("", body.decode())
