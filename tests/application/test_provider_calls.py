"""No provider is ever called inside a unit of work: a transaction that waits for a stranger starves all others."""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from datetime import timedelta
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Self, cast

import pytest
from msgspec.structs import replace

import application
from adapters.memory.store import MemoryStore
from adapters.memory.unit_of_work import MemoryUnitOfWork
from application.errors import ProviderUnavailable
from application.ports.gateway import CheckoutCompleted, CheckoutExpired, PaymentGateway
from application.ports.mail import Mailer
from application.ports.store import BeginWork
from builders import a_catalogue, a_member, a_payment_id, a_plan
from domain.catalogue import Catalogue
from domain.checkout import FAILURES_MAX
from domain.errors import AlreadySubscribed
from domain.member import Member
from domain.money import Money

if TYPE_CHECKING:
    from application.conftest import World

open_works: ContextVar[int] = ContextVar("open_works", default=0)
"""How many units of work the present task has open."""


class WatchedUnitOfWork(MemoryUnitOfWork):
    """A unit of work that says while it is open."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        open_works.set(open_works.get() + 1)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        open_works.set(open_works.get() - 1)
        await super().__aexit__(kind, error, trace)


class Watched:
    """Stands before a provider: notes who calls what, and refuses every call while a unit of work is open."""

    def __init__(self, provider: object) -> None:
        self._provider = provider
        self.called: set[str] = set()
        self.callers: set[type] = set()

    def __getattr__(self, name: str) -> Callable[..., object]:
        found = cast("Callable[..., object]", getattr(self._provider, name))
        if not inspect.iscoroutinefunction(found):
            return found
        self.called.add(name)
        self.callers.add(type(sys._getframe(1).f_locals["self"]))

        async def call(*arguments: object, **named: object) -> object:
            assert open_works.get() == 0, f"{name} was called inside a unit of work"
            return await cast("Awaitable[object]", found(*arguments, **named))

        return call


def calls_of(port: type) -> set[str]:
    """The calls of a port that go over a network."""
    return {name for name, method in vars(port).items() if inspect.iscoroutinefunction(method)}


def modules_of(package: ModuleType) -> Iterable[ModuleType]:
    """All modules of a package."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def callers_of_providers(modules: Iterable[ModuleType]) -> set[type]:
    """The classes whose making takes a gateway or a mailer."""
    return {
        kind
        for module in modules
        for kind in vars(module).values()
        if inspect.isclass(kind) and kind.__module__ == module.__name__
        if {"gateway", "mailer"} & set(inspect.signature(kind.__init__).parameters)
    }


def watched(world: "World", catalogue: Catalogue) -> tuple[Watched, Watched]:
    """Wire the world anew, with watches before its providers."""
    gateway, mailer = Watched(world.gateway), Watched(world.mailer)
    world.sell(
        catalogue,
        begin=cast("BeginWork", lambda: WatchedUnitOfWork(world.store)),
        gateway=cast("PaymentGateway", gateway),
        mailer=cast("Mailer", mailer),
    )
    return gateway, mailer


async def drive_every_use_case(world: "World") -> None:
    """Take every path on which a provider is asked for something."""
    await world.start()
    world.gateway.unchargeable = {"mad"}
    offered = await world.start(a_member())
    world.gateway.unchargeable = set()
    for call in ["create_customer", "open_checkout"]:
        member = a_member()
        for _ in range(FAILURES_MAX):
            world.gateway.fail_next(call, RuntimeError("killed"))
            with pytest.raises(RuntimeError):
                await world.start(member)
            world.pass_claim()
        world.clock.pass_time(timedelta(hours=25))
        await world.start(member)
    await world.follow.of_session(offered.payment.user_id, offered.session_id)
    await world.deliver(CheckoutCompleted(world.gateway.pay(offered.session_id)))
    await world.reconcile(whatever_the_age=True)
    await pay_twice(world, a_member())
    world.gateway.fail_next("create_customer", after_effect=True)
    with pytest.raises(ProviderUnavailable):
        await world.start(a_member())
    await world.reconcile(whatever_the_age=True)
    left_behind = await world.start(a_member())
    own = world.gateway.sessions[left_behind.session_id]
    stray = replace(world.gateway.pay(own.id), id="cs_test_stray")
    world.gateway.sessions |= {own.id: own, stray.id: stray}
    await world.deliver(CheckoutCompleted(stray))
    missing = a_payment_id()
    names = {"payment_id": missing, "payment_names": (str(missing),)}
    lost = replace(stray, id="cs_test_lost", payment_intent_id="pi_lost", **names)
    world.gateway.sessions[lost.id] = lost
    await world.adopt(lost.id, operator="amina", reason="its row was lost")
    given_up = await world.start(member := a_member())
    await world.cancel(member.user_id, given_up.payment.id)
    for _ in range(3):
        world.clock.pass_time(timedelta(hours=1))
        assert [] == await world.work()


async def pay_twice(world: "World", member: Member) -> None:
    """A member pays two checkouts side by side."""
    first = await world.start(member)
    await world.deliver(CheckoutExpired(world.gateway.run_out(first.session_id)))
    second = await world.start(member)
    for session_id in (first.session_id, second.session_id):
        await world.deliver(CheckoutCompleted(world.gateway.pay(session_id)))


async def test_no_provider_is_called_inside_a_unit_of_work(world: "World") -> None:
    before = watched(world, a_catalogue())
    await drive_every_use_case(world)
    dearer = a_plan(prices=(Money(45000, "mad"), Money(4500, "usd")))
    after = watched(world, Catalogue((dearer, *a_catalogue().plans[1:])))
    await world.start()
    world.gateway.pay(world.payable_sessions()[-1].id)
    last = watched(world, a_catalogue())
    with pytest.raises(AlreadySubscribed):
        await world.start()

    gateways, mailers = zip(before, after, last, strict=True)
    called = set().union(*(gateway.called for gateway in gateways))
    callers = set().union(*(watch.callers for watch in (*gateways, *mailers)))
    assert calls_of(PaymentGateway) == called
    assert calls_of(Mailer) == set().union(*(mailer.called for mailer in mailers))
    assert set() == callers_of_providers(modules_of(application)) - callers


async def test_the_watch_sees_a_call_inside_a_unit_of_work(world: "World") -> None:
    gateway = cast("PaymentGateway", Watched(world.gateway))
    with pytest.raises(AssertionError, match="checkout was called inside a unit of work"):
        await call_inside(world.store, gateway)

    assert await Careless(gateway=gateway).ask() is None


async def call_inside(store: MemoryStore, gateway: PaymentGateway) -> None:
    """What no use case may do."""
    async with WatchedUnitOfWork(store):
        await Careless(gateway=gateway).ask()


class Careless:
    """A caller of a provider."""

    def __init__(self, *, gateway: PaymentGateway) -> None:
        self._gateway = gateway

    async def ask(self) -> object:
        """Ask, wherever that is."""
        return await self._gateway.checkout("cs_test_none")


def test_a_class_that_takes_a_provider_is_found() -> None:
    assert {Careless} == {kind for kind in callers_of_providers([sys.modules[__name__]]) if kind is not Watched}
