"""The story of a payment, for operators: `story.sql`, in one read-only snapshot."""

from pathlib import Path
from typing import Final
from uuid import UUID

from adapters.postgres.database import Database
from adapters.postgres.faults import our_errors
from adapters.postgres.invariants import BEGIN, LIMIT_TIME
from adapters.postgres.rows import payment_of
from application.ports.reads import Moment, PaymentStory

SECONDS_MAX: Final = 30.0
"""So long one question may take: jobs and customers are searched without an index of their own."""


def read_queries(text: str) -> dict[str, str]:
    """The queries of a file by their names: a line `-- name`, then what it says, then the query."""
    found = {}
    for block in text.split("\n\n-- ")[1:]:
        name, _, rest = block.partition("\n")
        found[name] = "\n".join(line for line in rest.splitlines() if not line.startswith("--"))
    return found


QUERIES: Final = read_queries(Path(__file__).with_suffix(".sql").read_text(encoding="ascii"))


class PostgresStories:
    """The port Stories."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def about(self, word: str, *, limit: int) -> list[PaymentStory]:
        if "\0" in word:
            return []
        connection = await self._database.acquire()
        broken = True
        try:
            with our_errors():
                await connection.execute(BEGIN)
                await connection.fetchval(LIMIT_TIME, f"{SECONDS_MAX:.0f}s")
                rows = await connection.fetch(QUERIES["about"], word, uuid_of(word), limit, timeout=SECONDS_MAX + 1)
                stories = []
                for row in rows:
                    found = await connection.fetch(QUERIES["moments"], row["id"], timeout=SECONDS_MAX + 1)
                    moments = [Moment(at=one["at"], what=one["what"], id=one["id"], says=one["says"]) for one in found]
                    stories.append(PaymentStory(payment=payment_of(row), moments=moments))
                await connection.execute("COMMIT")
            broken = False
        finally:
            await self._database.release(connection, broken=broken)
        return stories


def uuid_of(word: str) -> UUID | None:
    """The id that a word is; null for any other word."""
    try:
        return UUID(word)
    except ValueError:
        return None
