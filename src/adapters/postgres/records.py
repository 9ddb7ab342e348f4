"""Reading and saving one kind of value by key, with its version: what all repositories of this package share."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from adapters.postgres.rows import Row
from adapters.postgres.statements import STATEMENTS
from adapters.postgres.transaction import PostgresTransaction, Write

Value = TypeVar("Value")


class Record(Generic[Value]):
    """A table whose rows have a key and a version: its three statements, and how its rows become values and back."""

    def __init__(
        self,
        table: str,
        key: str,
        *,
        value_of: Callable[[Row], Value],
        columns: Callable[[Value], Mapping[str, object]],
    ) -> None:
        self.table = table
        self.key = key
        self.value_of = value_of
        self.columns = columns
        self.find = STATEMENTS[f"{table}.find"]
        self.add = STATEMENTS[f"{table}.add"]
        self.save = STATEMENTS[f"{table}.save"]


class Records(Generic[Value]):
    """The values of one table within one transaction: remembers what was read, so that a save builds on it."""

    def __init__(self, transaction: PostgresTransaction, record: Record[Value]) -> None:
        self._transaction = transaction
        self._record = record
        self._known: dict[object, tuple[Value, int]] = {}

    async def find(self, key: object) -> Value | None:
        """The value of a key; as saved in this work, if it was."""
        if key in self._known:
            return self._known[key][0]
        row = await self._transaction.row(self._record.find, {"the_key": key})
        if row is None:
            return None
        value = self._record.value_of(row)
        self._known[key] = (value, row["version"])
        return value

    def save(self, value: Value) -> None:
        """Note a new value, or a change of the one that was read."""
        columns = self._record.columns(value)
        key = columns[self._record.key]
        known = self._known.get(key)
        version = known[1] if known else 0
        if known is not None and known[0] == value:
            return
        if version == 0:
            write = Write(self._record.add, {**columns, "version": 1})
        else:
            write = Write(self._record.save, {**columns, "the_key": key, "seen_version": version})
        self._known[key] = (value, version)
        self._transaction.note((self._record.table, key), write)
