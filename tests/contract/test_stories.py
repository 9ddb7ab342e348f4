"""The story of a payment over a real Postgres: found by whatever an operator has in hand, and told whole and in order."""

import asyncpg
import pytest

from adapters.postgres.database import Database
from adapters.postgres.story import PostgresStories
from application.ports.gateway import CheckoutCompleted
from application.ports.reads import PaymentStory
from postgres_world import Outside, PostgresWorld, a_talent

MEMBER = a_talent("storied-1")


@pytest.fixture
async def told(database: Database, database_url: str) -> PaymentStory:
    """The story of a member who has paid, has the receipt and the mail, and got a part back."""
    outside = Outside()
    world = PostgresWorld(database, outside)
    session = outside.gateway.pay((await world.start(MEMBER)).session_id)
    await world.told(CheckoutCompleted(session))
    observer = await asyncpg.connect(database_url)
    await world.works(observer)
    await observer.execute(
        "INSERT INTO refunds (id, payment_intent_id, amount_minor, currency, status, created_at, version)"
        " VALUES ('re_1', $1, 100, 'mad', 'pending', now(), 1)",
        session.payment_intent_id,
    )
    await observer.close()
    (story,) = await PostgresStories(database).about(MEMBER.user_id, limit=5)
    return story


async def test_a_story_has_every_kind_of_thing_that_happened_in_the_order_of_time(told: PaymentStory) -> None:
    kinds = [moment.what for moment in told.moments]
    times = [moment.at for moment in told.moments]
    moves = [moment.says.partition(":")[0] for moment in told.moments if moment.what == "payment"]

    assert {"payment", "subscription", "checkout", "event", "time", "receipt", "mail", "job", "refund"} == set(kinds)
    assert sorted(times) == times
    assert ["begun -> PENDING", "PENDING -> SUCCEEDED"] == moves


async def test_it_is_found_by_whatever_an_operator_has_in_hand(told: PaymentStory, database: Database) -> None:
    stories = PostgresStories(database)
    payment = told.payment
    ids = {moment.what: moment.id or "" for moment in told.moments}
    words = [
        *(str(payment.id), str(payment.id).upper(), payment.user_id, payment.checkout_session_id or ""),
        *(payment.payment_intent_id or "", MEMBER.email, MEMBER.email.upper(), ids["event"], ids["receipt"], "re_1"),
    ]

    assert [[told]] * len(words) == [await stories.about(word, limit=5) for word in words]


@pytest.mark.parametrize(
    "word", ["", "nobody", "a\0b", "' OR true --", "%", "evt_1' --", "00000000-0000-0000-0000-000000000000"]
)
async def test_nothing_is_found_by_what_belongs_to_nobody(told: PaymentStory, database: Database, word: str) -> None:
    assert word != told.payment.user_id
    assert [] == await PostgresStories(database).about(word, limit=5)
