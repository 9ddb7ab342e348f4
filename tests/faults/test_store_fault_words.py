"""Every fault that Postgres and its driver raise becomes the application's word for it, and bugs stay what they are."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from adapters.postgres.database import CONNECTIONS_MAX, Database
from adapters.postgres.entitlements import PostgresEntitlements
from adapters.postgres.faults import our_errors, translated
from adapters.postgres.history import PostgresBillingHistory
from adapters.postgres.jobs import PostgresJobQueue
from adapters.postgres.schema import PostgresReadiness
from adapters.postgres.statements import Statement
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.errors import Conflict, TryAgain
from application.ports.jobs import JobKind
from builders import a_payment_id
from contract.proxies import SOCKET
from contract.stores import StoreInPostgres, until
from contract.values import a_customer, stored_payment
from domain.member import UserId
from faults.broken_store import BrokenStore

PASSING: Final = [
    *("08000", "08003", "08006", "25006", "40000", "40001", "40P01", "53000", "53100", "53200", "53300", "55P03"),
    *("57014", "57P01", "57P02", "57P03", "28000", "28P01", "3D000", "55000", "55006", "42P01", "42703", "58030"),
]
CONFLICTS: Final = ["23000", "23001", "23502", "23503", "23505", "23514", "23P01"]
BUGS: Final = ["22001", "22021", "22P02", "42601", "0A000", "XX000"]


IMPATIENT: Final = Statement("impatient", "SET LOCAL lock_timeout = '10ms'", (), None)


async def raised(store: StoreInPostgres, code: str) -> None:
    """Let the server raise an error of a code."""
    with our_errors():
        await store.observer.execute(f"DO $$ BEGIN RAISE SQLSTATE '{code}' USING CONSTRAINT = 'the_rule'; END $$")


async def test_what_passes_is_to_be_tried_again(postgres_store: StoreInPostgres) -> None:
    for code in PASSING:
        with pytest.raises(TryAgain, match=code):
            await raised(postgres_store, code)


async def test_a_broken_rule_is_a_conflict_that_names_it(postgres_store: StoreInPostgres) -> None:
    for code in CONFLICTS:
        with pytest.raises(Conflict, match="the_rule") as refused:
            await raised(postgres_store, code)
        assert refused.value.constraint == "the_rule"


async def test_a_bug_of_ours_comes_out_as_it_is(postgres_store: StoreInPostgres) -> None:
    for code in BUGS:
        with pytest.raises(asyncpg.PostgresError) as error:
            await raised(postgres_store, code)
        assert code == error.value.sqlstate


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 11"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.ConnectionFailureError("no"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.ReadOnlySQLTransactionError("a standby"),
        asyncpg.ProtocolError("unexpected message"),
        ConnectionResetError(104, "reset"),
        ConnectionRefusedError(111, "refused"),
        BrokenPipeError(32, "broken"),
        FileNotFoundError(2, "no socket"),
        OSError(113, "no route to host"),
        TimeoutError(),
    ],
)
def test_what_the_driver_raises_for_a_lost_connection_is_to_be_tried_again(error: Exception) -> None:
    assert isinstance(translated(error), TryAgain)


@pytest.mark.parametrize(
    "error",
    [ZeroDivisionError(), ValueError(), KeyError(), asyncio.CancelledError(), KeyboardInterrupt()],
)
def test_what_is_no_fault_of_the_store_has_no_word(error: BaseException) -> None:
    assert translated(error) is None


@pytest.mark.parametrize("name", ["\ud800", "a\0b"])
async def test_a_text_that_cannot_be_stored_is_no_reason_to_try_again(
    postgres_store: StoreInPostgres, name: str
) -> None:
    with pytest.raises((ValueError, asyncpg.DataError)):
        async with postgres_store.begin() as work:
            work.customers.save(a_customer(name=name))
            await work.commit()


async def test_a_lock_that_is_not_had_in_time_is_to_be_tried_again(broken: BrokenStore) -> None:
    payment = await stored_payment(broken.sound.begin)
    async with broken.sound.begin() as first:
        await first.payments.get(payment.id, lock=True)
        async with PostgresUnitOfWork(broken.database) as second:
            await second.rows(IMPATIENT, {})
            with pytest.raises(TryAgain):
                await second.payments.get(payment.id, lock=True)


async def test_of_two_works_that_wait_for_each_other_one_is_told(broken: BrokenStore) -> None:
    payments = [await stored_payment(broken.sound.begin), await stored_payment(broken.sound.begin)]

    async def lock_both(first: int, ready: asyncio.Event, other: asyncio.Event) -> bool:
        try:
            async with broken.service.begin() as work:
                await work.payments.get(payments[first].id, lock=True)
                ready.set()
                await other.wait()
                await work.payments.get(payments[1 - first].id, lock=True)
        except TryAgain:
            return False
        return True

    one, two = asyncio.Event(), asyncio.Event()
    outcomes = await asyncio.gather(lock_both(0, one, two), lock_both(1, two, one))

    assert [False, True] == sorted(outcomes)
    assert await broken.lends_every_connection()


Use = Callable[[Database], Awaitable[object]]


async def begin_a_work(database: Database) -> object:
    async with PostgresUnitOfWork(database):
        return None


USES: Final[dict[str, Use]] = {
    "work": begin_a_work,
    "claim": lambda database: PostgresJobQueue(database).claim(frozenset(JobKind), limit=1, lease_seconds=1),
    "reap": lambda database: PostgresJobQueue(database).reap(retry_after_seconds=1),
    "entitlements": lambda database: PostgresEntitlements(database).of(UserId("one")),
    "page": lambda database: PostgresBillingHistory(database).page(UserId("one"), limit=1),
    "one": lambda database: PostgresBillingHistory(database).one(UserId("one"), a_payment_id()),
}


@asynccontextmanager
async def a_silent_server() -> AsyncIterator[str]:
    """The URL of a server that takes connections and never says a word."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    with tempfile.TemporaryDirectory(prefix="px") as folder:
        server = await asyncio.start_unix_server(listen, Path(folder) / SOCKET)
        yield f"postgresql://postgres@/payments?host={folder}"
        server.close()


@pytest.mark.parametrize(
    "url", ["postgresql://postgres@/payments?host=/nowhere", "postgresql://postgres@127.0.0.1:1/p"]
)
@pytest.mark.parametrize("use", USES)
async def test_a_server_that_is_not_there_is_to_be_tried_again(use: str, url: str) -> None:
    database = Database(url)
    with pytest.raises(TryAgain):
        await USES[use](database)
    problem = await PostgresReadiness(database).problem()
    await database.close()

    assert problem == "the database cannot be reached"


@pytest.mark.parametrize("use", USES)
async def test_a_server_that_says_nothing_is_given_up_by_all_who_wait_together(use: str) -> None:
    async with a_silent_server() as url, asyncio.timeout(5):
        database = Database(url, connect_seconds_max=0.2)
        outcomes = await asyncio.gather(*(USES[use](database) for _ in range(CONNECTIONS_MAX)), return_exceptions=True)
        await database.close()

    assert {TryAgain} == {type(outcome) for outcome in outcomes}


@pytest.mark.parametrize("use", USES)
async def test_after_every_connection_was_ended_the_next_but_one_call_succeeds(broken: BrokenStore, use: str) -> None:
    await USES[use](broken.database)
    await broken.observer.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    async def succeeds() -> bool:
        try:
            await USES[use](broken.database)
        except TryAgain:
            return False
        return True

    first, second = await succeeds(), await succeeds()

    assert first or second
    await until(succeeds)
