"""What is asked of each program, path by path."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from bench.confirmed import check_complete
from bench.database import Connection
from bench.events import deliveries
from bench.measure import Prepare, Work
from bench.seed import awaiting


async def webhook(connection: Connection, amount: int) -> Work:
    """Stripe tells that checkouts were paid, each of another member."""
    pending = await awaiting(connection, amount)

    async def check(numbers: Sequence[int]) -> None:
        answered: list[UUID] = [pending[number].payment_id for number in numbers]
        await check_complete(connection, answered)

    return Work(deliveries(pending), check)


PATHS: Final[dict[str, Prepare]] = {"webhook": webhook}
