"""How Postgres goes about a statement, in its own account."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import asyncpg
from msgspec import json

Node = dict[str, Any]  # Any: Postgres' own account of a plan
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def nodes_of(connection: Connection, sql: str, values: Sequence[object], *, run: bool = False) -> list[Node]:
    """All nodes of a statement's plan; with `run` it is executed, and each node tells what it met."""
    (row,) = await connection.fetch(f"EXPLAIN (FORMAT json{', ANALYZE' if run else ''}) {sql}", *values)
    (whole,) = json.decode(row[0])
    return list(_under(whole["Plan"]))


def _under(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", []):
        yield from _under(child)


def whole_reads(nodes: Sequence[Node]) -> list[str]:
    """The tables that are read from end to end."""
    return [f"{node['Node Type']} of {node['Relation Name']}" for node in nodes if node["Node Type"] == "Seq Scan"]
