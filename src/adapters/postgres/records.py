"""Reading and saving one kind of value by key, with its version: what all repositories of this package share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import DeclarativeBase

from adapters.postgres.rows import Row
from adapters.postgres.statements import Statement, insert_into, table, update_versioned
from adapters.postgres.transaction import PostgresTransaction, Write

Value = TypeVar("Value")


class RecordStatements(Generic[Value]):
    """The compiled statements of one table whose rows have a key and a version, and how its rows become values and back."""

    def __init__(
        self,
        row: type[DeclarativeBase],
        key: str,
        *,
        value_of: Callable[[Row], Value],
        columns: Callable[[Value], Mapping[str, object]],
        lock: bool = False,
    ) -> None:
        target = table(row)
        names = [column.name for column in target.columns]
        by_key = select(target).where(target.c[key] == bindparam("the_key"))
        self.name = target.name
        self.key = key
        self.value_of = value_of
        self.columns = columns
        self.find = Statement(by_key.with_for_update() if lock else by_key)
        self.add = insert_into(row, names)
        self.save = update_versioned(row, key, changeable(names, key))


def changeable(names: Sequence[str], key: str) -> list[str]:
    """The columns that an update may set."""
    return [name for name in names if name not in (key, "version")]


class Records(Generic[Value]):
    """The values of one table within one transaction: remembers what was read, so that a save builds on it."""

    def __init__(self, transaction: PostgresTransaction, statements: RecordStatements[Value]) -> None:
        self._transaction = transaction
        self._statements = statements
        self._known: dict[object, tuple[Value, int]] = {}

    async def find(self, key: object) -> Value | None:
        """The value of a key; as saved in this work, if it was."""
        if key in self._known:
            return self._known[key][0]
        row = await self._transaction.row(self._statements.find, {"the_key": key})
        if row is None:
            return None
        value = self._statements.value_of(row)
        self._known[key] = (value, row["version"])
        return value

    def save(self, value: Value) -> None:
        """Note a new value, or a change of the one that was read."""
        columns = self._statements.columns(value)
        key = columns[self._statements.key]
        known = self._known.get(key)
        version = known[1] if known else 0
        if known is not None and known[0] == value:
            return
        if version == 0:
            write = Write(self._statements.add, {**columns, "version": 1})
        else:
            write = Write(self._statements.save, {**columns, "the_key": key, "seen_version": version})
        self._known[key] = (value, version)
        self._transaction.note((self._statements.name, key), write)
