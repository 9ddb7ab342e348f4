"""What the rows take on disk, by table and by index, and which indexes nobody has asked."""

from typing import Final

from msgspec import Struct

from bench.database import Connection
from bench.growth.life import COLUMNS

TABLES: Final = """
    SELECT c.relname AS name, pg_relation_size(c.oid) AS heap, pg_total_relation_size(c.reltoastrelid) AS toast,
           pg_indexes_size(c.oid) AS indexes, greatest(0, c.reltuples)::bigint AS rows
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY($1::text[])
     ORDER BY pg_total_relation_size(c.oid) DESC
"""
INDEXES: Final = """
    SELECT indexrelname AS name, relname AS of_table, pg_relation_size(indexrelid) AS bytes, idx_scan AS scans, indisunique AS is_rule
      FROM pg_stat_user_indexes JOIN pg_index USING (indexrelid)
     WHERE relname = ANY($1::text[])
     ORDER BY 3 DESC
"""


class TableSize(Struct, frozen=True, kw_only=True):
    """Bytes of a table: its rows, what lies beside them compressed (TOAST), its indexes."""

    name: str
    rows: int
    heap: int
    toast: int
    indexes: int

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.heap + self.toast + self.indexes


class IndexSize(Struct, frozen=True, kw_only=True):
    """Bytes of an index, and how often it was asked meanwhile. is_rule: it keeps something unique, asked or not."""

    name: str
    of_table: str
    bytes: int
    scans: int
    is_rule: bool


class Sizes(Struct, frozen=True, kw_only=True):
    """A database of so many payments, filled in so many seconds and held to the invariants in so many more."""

    payments: int
    fill_seconds: float
    audit_seconds: float
    slowest_check: str
    tables: list[TableSize]
    indexes: list[IndexSize]

    @property
    def bytes(self) -> int:
        """All tables that grow."""
        return sum(table.bytes for table in self.tables)


async def tables_of(connection: Connection) -> list[TableSize]:
    """The tables that grow, the largest first."""
    rows = await connection.fetch(TABLES, list(COLUMNS))
    return [
        TableSize(**{name: row[name] or 0 for name in TableSize.__struct_fields__ if name != "name"}, name=row["name"])
        for row in rows
    ]


async def indexes_of(connection: Connection) -> list[IndexSize]:
    """Their indexes, the largest first."""
    rows = await connection.fetch(INDEXES, list(COLUMNS))
    return [IndexSize(**dict(row)) for row in rows]
