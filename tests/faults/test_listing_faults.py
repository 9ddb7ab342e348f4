"""The reads that list outlive their connections."""

import asyncpg
import pytest

from adapters.postgres.database import Database
from adapters.postgres.history import PostgresBillingHistory
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.errors import TryAgain
from builders import a_payment
from domain.audit import Cause


async def test_a_history_is_read_after_its_connections_were_cut(database: Database, database_url: str) -> None:
    payment, history = a_payment(), PostgresBillingHistory(database)
    async with PostgresUnitOfWork(database) as work:
        work.payments.add(payment, Cause(why="a payment to list"))
        await work.commit()
    before = await history.page(payment.user_id, limit=1)
    observer = await asyncpg.connect(database_url)
    await observer.fetch(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await observer.close()

    after = await history.page(payment.user_id, limit=1)

    assert [payment] == [record.payment for record in before] == [record.payment for record in after]


async def test_without_a_database_a_history_is_to_be_asked_for_again() -> None:
    nowhere = Database("postgresql://postgres@127.0.0.1:1/nowhere")

    with pytest.raises(TryAgain):
        await PostgresBillingHistory(nowhere).page(a_payment().user_id, limit=1)

    await nowhere.close()
