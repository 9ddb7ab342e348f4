"""Checkouts that members start, and whether all of it is stored of each that was started."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Final
from uuid import UUID

from msgspec import Struct, json

from bench.confirmed import Incomplete
from bench.database import Connection
from bench.measure import Work
from bench.requests import sent_by_program
from bench.tokens import token_of

CHECKOUT_PATH: Final = "/api/v1/checkouts"

STARTED: Final = """
    SELECT count(*)
      FROM unnest($1::text[]) AS started (user_id)
      JOIN payments p ON p.user_id = started.user_id AND p.status = 'PENDING' AND p.checkout_session_id LIKE 'cs_test_%'
      JOIN checkouts c ON c.payment_id = p.id AND c.expires_at > now() AND c.request IS NOT NULL
                      AND c.url LIKE 'https://checkout.stripe.com/c/pay/' || p.checkout_session_id || '#%'
      JOIN customers k ON k.user_id = p.user_id AND k.provider_id LIKE 'cus_%' AND k.request IS NOT NULL
      JOIN audit a ON a.entity = 'payment' AND a.entity_id = p.id::text
                  AND a.from_status IS NULL AND a.to_status = 'PENDING' AND a.actor = 'member:' || p.user_id
"""
ANSWERED: Final = """
    SELECT p.user_id, p.id, p.checkout_session_id, c.url
      FROM payments p JOIN checkouts c ON c.payment_id = p.id WHERE p.user_id = ANY($1::text[])
"""
_numbers = count(1)


class Started(Struct):
    """What the answer has to say."""

    payment_id: UUID
    checkout_session_id: str
    url: str
    status: str


async def checkout(connection: Connection, amount: int) -> Work:
    """Members who never paid before start to pay, each once."""
    users = [f"starter-{number:08d}" for number in (next(_numbers) for _ in range(amount))]

    async def check(numbers: Sequence[int], bodies: Mapping[int, bytes]) -> None:
        stored = await connection.fetchval(STARTED, [users[number] for number in numbers])
        if stored != len(numbers):
            raise Incomplete(
                f"{len(numbers)} checkouts were answered, {stored} are stored with all that belongs to them"
            )
        rows = await connection.fetch(ANSWERED, [users[number] for number in bodies])
        expected = {
            row["user_id"]: Started(row["id"], row["checkout_session_id"], row["url"], "PENDING") for row in rows
        }
        for number, body in bodies.items():
            if json.decode(body, type=Started) != expected[users[number]]:
                raise Incomplete(
                    f"the checkout of {users[number]}: answered {body!r}, stored {expected[users[number]]}"
                )

    return Work([sent_by_program(CHECKOUT_PATH, token_of(user_id), b"{}") for user_id in users], check)
