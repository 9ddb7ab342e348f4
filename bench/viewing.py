"""The payment page, as members open it who are to pay."""

from collections.abc import Mapping, Sequence
from typing import Final

from bench.confirmed import Incomplete
from bench.database import Connection
from bench.measure import Work
from bench.requests import asked_by_browser
from bench.tokens import NAME, token_of

PAGE_PATH: Final = "/dashboard/talent/payment"
SHOWN: Final = (
    NAME.encode(),
    b'name="csrf_token"',
    b'name="amount" value="30000"',
    b'name="currency" value="mad"',
    b'lang="fr"',
)
VISITORS: Final = 2000


async def page(_: Connection, amount: int) -> Work:
    """Members who never paid look at what their fee is."""
    users = [f"visitor-{number:08d}" for number in range(min(amount, VISITORS))]
    requests = [asked_by_browser(PAGE_PATH, token_of(user_id)) for user_id in users]

    async def check(_: Sequence[int], bodies: Mapping[int, bytes]) -> None:
        for number, body in bodies.items():
            missing = [words for words in SHOWN if words not in body]
            if missing:
                raise Incomplete(f"the page of {users[number % len(users)]} lacks {missing}")

    return Work([requests[number % len(requests)] for number in range(amount)], check)
