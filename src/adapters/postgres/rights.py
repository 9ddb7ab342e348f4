"""What the role that we connect as must be allowed to do, as our own statements tell, and what of it is missing."""

import re
from collections.abc import Iterable
from typing import Final

from adapters.postgres.statements import STATEMENTS

WRITES: Final = re.compile(r"\b(INSERT|UPDATE|DELETE)(?: INTO| FROM)? ([a-z_]+)\b")
OVERWRITES: Final = re.compile(r"\bINSERT INTO ([a-z_]+)\b.* DO UPDATE\b", re.DOTALL)
COUNTS_ON: Final = re.compile(r"\bnextval\('([a-z_]+)'\)")


def table_rights(texts: Iterable[str]) -> list[tuple[str, str]]:
    """The tables that statements write, and the one that they only read, each with every right that is needed on it."""
    found = set()
    for text in texts:
        found |= {(table, right) for right, table in WRITES.findall(text)}
        found |= {(table, "UPDATE") for table in OVERWRITES.findall(text)}
    return sorted(found | {(table, "SELECT") for table, _ in found} | {("installation", "SELECT")})


def sequences(texts: Iterable[str]) -> list[str]:
    """The sequences that statements count on."""
    return sorted({name for text in texts for name in COUNTS_ON.findall(text)})


OURS: Final = [statement.sql for statement in STATEMENTS.values()]
ON_TABLES: Final = ", ".join(f"('{table}', '{right}')" for table, right in table_rights(OURS))
ON_SEQUENCES: Final = ", ".join(f"('{name}', 'USAGE')" for name in sequences(OURS))

MISSING: Final = f"""ARRAY(
    SELECT lacking.may || ' on ' || lacking.name
      FROM (SELECT name, may FROM (VALUES {ON_TABLES}) AS tables (name, may)
             WHERE NOT has_table_privilege(to_regclass(name)::oid, may)
            UNION ALL
            SELECT name, may FROM (VALUES {ON_SEQUENCES}) AS sequences (name, may)
             WHERE NOT has_sequence_privilege(to_regclass(name)::oid, may)) AS lacking
     ORDER BY 1)"""  # noqa: S608 # made of our own statements alone
"""The rights that the present role lacks, as an array of words. A table that is not there lacks none: its migration does."""
