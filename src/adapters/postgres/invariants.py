"""The invariants of what is stored, asked of a live database: `invariants.sql`, in one read-only snapshot."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import asyncpg
from msgspec import Struct

from adapters.postgres.database import Connection, Database
from adapters.postgres.faults import our_errors
from adapters.postgres.words import one_of
from application.ports.reads import BrokenInvariant, Inspection, Violation
from domain import payment, subscription

SQL_FILE: Final = Path(__file__).parent / "invariants.sql"
HEADING: Final = re.compile(r"^-- (?P<name>[a-z_]+)(?P<settled> \(settled\))?\n-- (?P<says>.+)\n", re.MULTILINE)
WORDS: Final = re.compile(r"\{(\w+)\}")
SHOWN_MAX: Final = 20

BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
LIMIT_TIME: Final = "SELECT set_config('statement_timeout', $1, true)"
FEW_OF: Final = (
    "SELECT count(*) OVER () AS all_of_them, id, found FROM ({sql}) AS violations ORDER BY id, found LIMIT {limit}"
)


class Invariant(Struct, frozen=True, kw_only=True):
    """One thing that must be true. `sql` returns what breaks it, as `id` and `found`.

    settled: it need only be true of a service at rest.
    """

    name: str
    says: str
    sql: str
    settled: bool


def moves_in_sql() -> str:
    """Every legal line of the audit: entity, state before ('' where there is none) and state after."""
    lines = [("payment", "", str(payment.PAYABLE))]
    for entity, moves in (("payment", payment.MOVES), ("subscription", subscription.MOVES)):
        lines += [(entity, str(before), str(after)) for before, reached in moves.items() for after in reached]
    return ", ".join(f"('{entity}', '{before}', '{after}')" for entity, before, after in sorted(lines))


def charged_of(row: str) -> str:
    """What was charged for a row of payments, as a query: what was asked for, unless something else arrived; null where nobody told."""
    return (
        f"SELECT CASE WHEN {row}.review IS NULL THEN {row}.amount_minor"
        f" ELSE ({row}.review -> 'received' ->> 'amount')::bigint END AS amount,"
        f" CASE WHEN {row}.review IS NULL THEN {row}.currency ELSE {row}.review -> 'received' ->> 'currency' END AS currency"
    )


NOBODY_TO_TELL: Final = """
    SELECT FROM periods x WHERE x.payment_id = p.id AND x.ends_at = x.starts_at
    UNION ALL
    SELECT FROM customers c WHERE c.user_id = p.user_id AND c.email = ''
"""
"""The year of a payment `p`, if nothing of it is left, or its member, if they were erased: nobody is to be told then."""


def words_of_the_domain() -> dict[str, str]:
    """What the words in braces of `invariants.sql` stand for."""
    return {
        "arrived": one_of(payment.ARRIVED),
        "charged_of_p": charged_of("p"),
        "charged_of_q": charged_of("q"),
        "nobody_to_tell": NOBODY_TO_TELL.strip(),
        "paid": one_of(payment.PAID),
        "unfinished": one_of(payment.UNFINISHED),
        "payable": str(payment.PAYABLE),
        "moves": moves_in_sql(),
    }


def read_invariants(text: str, words: Mapping[str, str]) -> tuple[Invariant, ...]:
    """The invariants of such a file. Raises KeyError for a word in braces that stands for nothing."""
    headings = list(HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return tuple(
        Invariant(
            name=heading["name"],
            says=heading["says"],
            sql=WORDS.sub(lambda word: words[word[1]], text[heading.end() : end].strip()),
            settled=heading["settled"] is not None,
        )
        for heading, end in zip(headings, ends, strict=True)
    )


INVARIANTS: Final = read_invariants(SQL_FILE.read_text(encoding="ascii"), words_of_the_domain())


async def inspection_by(
    connection: "Connection | asyncpg.Connection[asyncpg.Record]", *, settled: bool, seconds_max: float
) -> Inspection:
    """What holds and what does not, as the present transaction of a connection sees it."""
    asked = [invariant for invariant in INVARIANTS if settled or not invariant.settled]
    broken = []
    for invariant in asked:
        sql = FEW_OF.format(sql=invariant.sql, limit=SHOWN_MAX)
        rows = await connection.fetch(sql, timeout=seconds_max)
        if rows:
            shown = tuple(Violation(id=row["id"], found=row["found"]) for row in rows)
            found = BrokenInvariant(name=invariant.name, says=invariant.says, count=rows[0]["all_of_them"], shown=shown)
            broken.append(found)
    return Inspection(checked=tuple(invariant.name for invariant in asked), broken=tuple(broken))


ALL_WITH_ALL: Final = "SET LOCAL enable_nestloop = off"
"""A check compares whole tables. Where Postgres expects few rows, since nothing is ever broken or it knows little of a backup that was just
restored, it looks through one table for each row of the other: minutes at a million payments, where hashing takes seconds."""


class PostgresInvariants:
    """The port Invariants. Reads one snapshot of a live database and locks nothing in it.

    seconds_max: how long one check may take.
    """

    def __init__(self, database: Database, *, seconds_max: float = 60.0) -> None:
        self._database = database
        self._seconds_max = seconds_max

    async def inspect(self, *, settled: bool) -> Inspection:
        connection = await self._database.acquire()
        unfit = True
        try:
            with our_errors():
                await connection.execute(BEGIN)
                await connection.execute(ALL_WITH_ALL)
                await connection.fetchval(LIMIT_TIME, f"{max(1, round(self._seconds_max * 1000))}ms")
                found = await inspection_by(connection, settled=settled, seconds_max=self._seconds_max + 1)
                await connection.execute("COMMIT")
            unfit = False
        finally:
            await self._database.release(connection, broken=unfit)
        return found
