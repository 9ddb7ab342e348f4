"""The one statement that stores what a paid checkout means, for whoever sends it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

SQL: Final = (Path(__file__).parent / "confirm.sql").read_text(encoding="ascii")
NAME: Final = re.compile(r"(?<!:):([a-z_]+)")
NAMES: Final = tuple(dict.fromkeys(NAME.findall(SQL)))
"""Its parameters, in the order of their first place."""


def with_placeholders() -> str:
    """The statement as asyncpg takes it."""
    return NAME.sub(lambda found: f"${NAMES.index(found[1]) + 1}", SQL)


def with_expressions(expressions: Mapping[str, str]) -> str:
    """The statement with SQL in place of each parameter."""
    return NAME.sub(lambda found: f"({expressions[found[1]]})", SQL)
