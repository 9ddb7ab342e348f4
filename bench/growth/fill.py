"""The rows are copied into a migrated database, with a bar that tells how far it is."""

import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from bench.database import Connection
from bench.growth.life import COLUMNS, Life

BATCH: Final = 10_000
BAR: Final = 30

ORPHANS: Final = """
    SELECT format('SELECT count(*) FROM %s AS child WHERE %s AND NOT EXISTS (SELECT FROM %s AS parent WHERE %s)', conrelid::regclass,
                  string_agg(format('child.%I IS NOT NULL', c.attname), ' AND '), confrelid::regclass,
                  string_agg(format('parent.%I = child.%I', p.attname, c.attname), ' AND ')) AS sql, conname
      FROM pg_constraint
     CROSS JOIN LATERAL unnest(conkey, confkey) AS pair (child, parent)
      JOIN pg_attribute c ON c.attrelid = conrelid AND c.attnum = pair.child
      JOIN pg_attribute p ON p.attrelid = confrelid AND p.attnum = pair.parent
     WHERE contype = 'f' AND connamespace = 'public'::regnamespace
     GROUP BY pg_constraint.oid, conname, conrelid, confrelid
"""


class Orphaned(Exception):
    """A row names another one that is not there."""


class Bar:
    """A line that is written over again and again; on what is no terminal, a line for every tenth."""

    def __init__(self, what: str, whole: int) -> None:
        self._what, self._whole, self._began_at, self._told = what, whole, time.monotonic(), -1

    def show(self, done: int) -> None:
        """So much is done."""
        share, seconds = done / self._whole, time.monotonic() - self._began_at
        left = seconds / share - seconds if share else 0.0
        text = f"{self._what} [{'#' * int(BAR * share):<{BAR}}] {share:4.0%}  {seconds:.0f} s, {left:.0f} s to go"
        if sys.stdout.isatty():
            print(f"\r{text} ", end="\n" if done == self._whole else "", flush=True)
        elif int(10 * share) > self._told:
            self._told = int(10 * share)
            print(text, flush=True)


async def filled(connection: Connection, life: Life, payments: int) -> float:
    """Copy all payments of a life. Returns the seconds it took. Raises Orphaned when a foreign key does not hold.

    The triggers that check foreign keys are off meanwhile, as no row may be there before the one it names; all are checked afterwards.
    """
    began_at = time.monotonic()
    bar = Bar(f"{payments} payments", payments)
    await connection.execute("SET session_replication_role = replica")
    for number in life:
        if (number + 1) % BATCH == 0:
            await copied(connection, life.rows.take())
            bar.show(number + 1)
    await copied(connection, life.rows.take())
    bar.show(payments)
    await connection.executemany(
        "INSERT INTO receipt_counters (year, last) VALUES ($1, $2)", list(life.rows.receipts.items())
    )
    await connection.execute("SET session_replication_role = origin")
    await check_foreign_keys(connection)
    return time.monotonic() - began_at


async def copied(connection: Connection, lines: Mapping[str, Sequence[str]]) -> None:
    """Copy lines, each table in one COPY and all in one transaction."""
    async with connection.transaction():
        for table, columns in COLUMNS.items():
            if lines.get(table):
                await connection.copy_to_table(
                    table, source=_pieces(lines[table]), columns=columns.split(), format="text", timeout=600
                )


async def _pieces(lines: Sequence[str]) -> AsyncIterator[bytes]:
    for first in range(0, len(lines), 500):
        yield "".join(lines[first : first + 500]).encode()


async def check_foreign_keys(connection: Connection) -> None:
    """Raises Orphaned unless each row that another one names is there."""
    await connection.execute("SET enable_nestloop = off")
    for row in await connection.fetch(ORPHANS):
        count = await connection.fetchval(row["sql"], timeout=3600)
        if count:
            raise Orphaned(f"{count} rows break {row['conname']}")
    await connection.execute("RESET enable_nestloop")
