"""The stores and gateways that each contract is held against."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from adapters.postgres.database import Database
from application.ports.store import BeginWork
from contract.gateways import Provider, ProviderInMemory, ProviderInSandbox
from contract.sandboxes import SandboxHands, gateway_to, hands_on, running_server
from contract.stores import Store, StoreInMemory, StoreInPostgres
from entrypoints.sandbox.server import SandboxServer


@pytest.fixture
async def postgres_store(database: Database, database_url: str) -> AsyncIterator[StoreInPostgres]:
    """A fresh store in Postgres."""
    observer = await asyncpg.connect(database_url)
    yield StoreInPostgres(database, observer)
    await observer.close()


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each store in turn."""
    if request.param == "memory":
        return StoreInMemory()
    found: StoreInPostgres = request.getfixturevalue("postgres_store")
    return found


@pytest.fixture
def begin(store: Store) -> BeginWork:
    """How a unit of work over the store begins."""
    return store.begin


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    """One sandbox for all tests, in a thread of its own."""
    with running_server() as server:
        yield server


@pytest.fixture
async def sandbox(sandbox_server: SandboxServer) -> AsyncIterator[SandboxHands]:
    """The sandbox with everything forgotten, in the hands of the test."""
    async with hands_on(sandbox_server) as hands:
        yield hands


@pytest.fixture
async def in_sandbox(sandbox_server: SandboxServer, sandbox: SandboxHands) -> AsyncIterator[ProviderInSandbox]:
    """Our gateway to the sandbox."""
    async with gateway_to(sandbox_server.url) as gateway:
        yield ProviderInSandbox(gateway, sandbox)


@pytest.fixture(params=["memory", "sandbox"])
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    """Each payment provider in turn."""
    if request.param == "memory":
        yield ProviderInMemory()
        return
    server: SandboxServer = request.getfixturevalue("sandbox_server")
    async with hands_on(server) as hands, gateway_to(server.url) as gateway:
        yield ProviderInSandbox(gateway, hands)
