"""How one question is asked: prepared, as the service does, often, and then explained by Postgres with the plan that it has come to."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import asyncpg
from msgspec import Struct, json

from bench.database import Connection
from bench.growth.life import COLUMNS
from bench.growth.sample import Sample
from bench.load import percentile_ms

Values: TypeAlias = Sequence[object]
Node: TypeAlias = dict[str, Any]  # Any: Postgres' own account of a plan

CUSTOM_PLANS: Final = 5
"""Postgres plans a prepared statement anew so many times before it may keep to one plan for all parameters (plancache.c)."""

EXPLAINED: Final = 5
"""So many executions are explained; the median of their buffers counts."""

EXPLAIN: Final = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT json)"
PLANS: Final = "SELECT generic_plans FROM pg_prepared_statements WHERE name = $1"


class Question(Struct, frozen=True, kw_only=True):
    """A statement of the service and the parameters that it is asked with: of somebody at random, and of the big member.

    what: for whom it is asked. known_to_grow: why it is not bound, where that is so.
    """

    name: str
    what: str
    sql: str
    values: Callable[[Sample], Values]
    of_big: Callable[[Sample], Values] | None = None
    known_to_grow: str | None = None


class Figures(Struct, frozen=True, kw_only=True):
    """What one question costs. Latencies are milliseconds, `buffers` pages of 8 KiB that were looked at.

    generic: whether Postgres has come to keep one plan for all parameters. whole: the tables that grow and were read from end to end.
    passed_over: rows that were looked at and not wanted.
    """

    name: str
    what: str
    big: bool
    payments: int
    p50_ms: float
    p99_ms: float
    buffers: int
    buffers_max: int
    rows: float
    generic: bool
    whole: list[str]
    passed_over: int
    known_to_grow: str | None


def literal(value: object) -> str:
    """A value as SQL writes it."""
    match value:
        case None:
            return "NULL"
        case bool() | int() | float():
            return str(value)
        case bytes():
            return f"'\\x{value.hex()}'"
        case list() | tuple():
            return "'{" + ",".join(_element(one) for one in value).replace("'", "''") + "}'"
    return "'" + str(value).replace("'", "''") + "'"


def _element(value: object) -> str:
    text = f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def nodes_of(node: Node) -> Iterator[Node]:
    """A node of a plan and all below it."""
    yield node
    for child in node.get("Plans", []):
        yield from nodes_of(child)


class Asking:
    """One question over one database, on one connection. Whatever it writes is undone."""

    def __init__(self, connection: Connection, question: Question, sample: Sample, *, big: bool) -> None:
        self._connection, self._sample = connection, sample
        self.question, self.big = question, big
        self._values = question.of_big if big and question.of_big is not None else question.values
        self._seconds: list[float] = []
        self._prepared: asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record] | None = None

    async def ask(self, times: int) -> None:
        """So many times, each in a transaction that is rolled back and whose beginning and end are not measured."""
        if self._prepared is None:
            self._prepared = await self._connection.prepare(self.question.sql, timeout=600)
            for _ in range(CUSTOM_PLANS + 2):
                await self._once()
            self._seconds.clear()
        for _ in range(times):
            await self._once()

    async def _once(self) -> None:
        if self._prepared is None:
            raise RuntimeError("it is prepared before it is asked")
        values = self._values(self._sample)
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            began_at = time.perf_counter()
            await self._prepared.fetch(*values, timeout=600)
            self._seconds.append(time.perf_counter() - began_at)
        finally:
            await transaction.rollback()

    async def explained(self) -> Figures:
        """All that was measured, and how Postgres goes about it by now."""
        if self._prepared is None:
            raise RuntimeError("it is asked before it is explained")
        name = self._prepared.get_name()
        plans = [await self._plan(name) for _ in range(EXPLAINED)]
        generic = bool(await self._connection.fetchval(PLANS, name))
        nodes = [list(nodes_of(plan)) for plan in plans]
        buffers = sorted(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans)
        passed = [sum(one.get("Rows Removed by Filter", 0) * one["Actual Loops"] for one in each) for each in nodes]
        whole = {
            one["Relation Name"]
            for each in nodes
            for one in each
            if one["Node Type"] == "Seq Scan" and one["Relation Name"] in COLUMNS
        }
        return Figures(
            name=self.question.name,
            what=self.question.what,
            big=self.big,
            payments=self._sample.size,
            p50_ms=percentile_ms(self._seconds, 0.50),
            p99_ms=percentile_ms(self._seconds, 0.99),
            buffers=buffers[len(buffers) // 2],
            buffers_max=buffers[-1],
            rows=sorted(plan["Actual Rows"] for plan in plans)[len(plans) // 2],
            generic=generic,
            whole=sorted(whole),
            passed_over=round(max(passed)),
            known_to_grow=self.question.known_to_grow,
        )

    async def _plan(self, name: str) -> Node:
        values = self._values(self._sample)
        given = f"({', '.join(literal(value) for value in values)})" if values else ""
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            (row,) = await self._connection.fetch(f"{EXPLAIN} EXECUTE {name}{given}", timeout=600)
        finally:
            await transaction.rollback()
        (whole,) = json.decode(row[0])
        plan: Node = whole["Plan"]
        return plan
