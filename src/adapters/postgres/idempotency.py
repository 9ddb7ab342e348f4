"""Idempotency keys in Postgres: one unique row for each key of a caller, claimed by whoever inserts it, by the database's clock alone."""

from typing import Final

from msgspec import json

from adapters.postgres.database import Database
from adapters.postgres.statements import STATEMENTS
from adapters.postgres.transaction import PostgresTransaction, Write
from application.ports.idempotency import Answer, Claim, Claimed, InProgress, Mismatch
from domain.member import UserId

CLAIM: Final = STATEMENTS["idempotency_keys.claim"]
FIND: Final = STATEMENTS["idempotency_keys.find"]
KEEP: Final = STATEMENTS["idempotency_keys.keep"]
FREE: Final = STATEMENTS["idempotency_keys.free"]
DROP: Final = STATEMENTS["idempotency_keys.drop"]

Headers = tuple[tuple[str, str], ...]


def held(claim: Claim) -> dict[str, object]:
    """The parameters that find the row of a claim."""
    return {"the_user_id": claim.user_id, "the_key": claim.key, "the_lease": claim.lease}


def answered(claim: Claim, answer: Answer) -> dict[str, object]:
    """The parameters that keep an answer."""
    return held(claim) | {
        "new_status": answer.status,
        "new_headers": json.encode(answer.headers).decode(),
        "new_body": answer.body,
    }


class PostgresIdempotencyKeys:
    """The port IdempotencyKeys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, user_id: UserId, key: str, fingerprint: bytes, *, lease_seconds: float) -> Claimed:
        values = {"user_id": user_id, "key": key, "fingerprint": fingerprint, "lease_seconds": lease_seconds}
        rows = await self._database.rows(CLAIM, values)
        if rows:
            return Claim(user_id=user_id, key=key, lease=rows[0]["lease"])
        found = await self._database.rows(FIND, {"the_user_id": user_id, "the_key": key})
        if not found:
            return InProgress(seconds_left=0)  # given up between the two statements: free by now
        (row,) = found
        if row["fingerprint"] != fingerprint:
            return Mismatch()
        if row["status"] is None:
            return InProgress(seconds_left=max(0.0, row["seconds_left"]))
        return Answer(status=row["status"], headers=json.decode(row["headers"], type=Headers), body=row["body"])

    async def keep(self, claim: Claim, answer: Answer) -> bool:
        return bool(await self._database.rows(KEEP, answered(claim, answer)))

    async def release(self, claim: Claim, *, forget: bool) -> None:
        await self._database.rows(DROP if forget else FREE, held(claim))


class PostgresAnswers:
    """The port Answers."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction

    def keep(self, claim: Claim, answer: Answer) -> None:
        self._transaction.note(("idempotency_keys", claim.user_id, claim.key), Write(KEEP, answered(claim, answer)))
