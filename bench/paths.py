"""What is asked of each program, path by path."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct, json

from bench import stock
from bench.confirmed import Incomplete, check_complete
from bench.database import Connection
from bench.events import deliveries
from bench.measure import Path, Work
from bench.requests import asked_by_program
from bench.seed import awaiting
from bench.starting import checkout
from bench.tokens import token_of
from bench.viewing import page

PAGE_SIZE: Final = 20
ACCESS_PATH: Final = "/api/v1/subscription"
HISTORY_PATH: Final = f"/api/v1/payments?limit={PAGE_SIZE}"

ENDS: Final = "SELECT user_id, max(ends_at) AS ends_at FROM periods WHERE user_id = ANY($1::text[]) GROUP BY user_id"
NEWEST: Final = "SELECT id FROM payments WHERE user_id = $1 ORDER BY id DESC LIMIT $2"


class Access(Struct):
    """What an access check has to say."""

    user_id: str
    access: bool
    status: str
    current_period_end: str


class Listed(Struct):
    """A payment in a list."""

    id: UUID
    user_id: str
    status: str


class History(Struct):
    """What a page of a history has to say."""

    has_more: bool
    data: list[Listed]


async def webhook(connection: Connection, amount: int) -> Work:
    """Stripe tells that checkouts were paid, each of another member."""
    pending = await awaiting(connection, amount)

    async def check(numbers: Sequence[int], _: Mapping[int, bytes]) -> None:
        answered: list[UUID] = [pending[number].payment_id for number in numbers]
        await check_complete(connection, answered)

    return Work(deliveries(pending), check)


def asked_of_stock(path: str, amount: int) -> list[bytes]:
    """Requests for a path, each with the token of the next member of the stock."""
    requests = [asked_by_program(path, token_of(user_id)) for user_id in stock.members()[:amount]]
    return [requests[number % len(requests)] for number in range(amount)]


def of_stock(number: int) -> str:
    """The member whose token is on a request."""
    return stock.members()[number % stock.MEMBERS]


async def access(connection: Connection, amount: int) -> Work:
    """Members of the stock ask whether they may act."""

    async def check(_: Sequence[int], bodies: Mapping[int, bytes]) -> None:
        rows = await connection.fetch(ENDS, [of_stock(number) for number in bodies])
        ends = {row["user_id"]: f"{row['ends_at']:%Y-%m-%dT%H:%M:%S.%f}Z" for row in rows}
        for number, body in bodies.items():
            told, user_id = json.decode(body, type=Access), of_stock(number)
            if (told.user_id, told.access, told.status, told.current_period_end) != (
                *(user_id, True, "ACTIVE"),
                ends[user_id],
            ):
                raise Incomplete(f"the access of {user_id}: {told}")

    return Work(asked_of_stock(ACCESS_PATH, amount), check)


async def history(connection: Connection, amount: int) -> Work:
    """Members of the stock look at the first page of their payments."""

    async def check(_: Sequence[int], bodies: Mapping[int, bytes]) -> None:
        for number, body in bodies.items():
            told, user_id = json.decode(body, type=History), of_stock(number)
            stored = [row["id"] for row in await connection.fetch(NEWEST, user_id, PAGE_SIZE)]
            if not told.has_more or [one.id for one in told.data] != stored:
                raise Incomplete(f"the payments of {user_id}: {told}")

    return Work(asked_of_stock(HISTORY_PATH, amount), check)


PATHS: Final[dict[str, Path]] = {
    "webhook": Path(webhook, a_second_max=6000, same=False),
    "access": Path(access, a_second_max=20_000, same=True),
    "checkout": Path(checkout, a_second_max=3000, same=False),
    "history": Path(history, a_second_max=12_000, same=True),
    "page": Path(page, a_second_max=6000, same=True),
}
