"""The inbox: every event once, and what became of it."""

import asyncio

from application.ports.gateway import NothingToDo
from application.ports.store import BeginWork, EventState
from builders import a_payment, an_event
from contract.stores import Store
from contract.values import CAUSE


async def test_an_event_is_new_once(store: Store, begin: BeginWork) -> None:
    event = an_event()
    async with begin() as work:
        first = await work.inbox.first_time(event)
        await work.commit()
    async with begin() as work:
        second = await work.inbox.first_time(event)

    assert (True, False) == (first, second)
    assert await store.events() == [(event.id, "handled", None)]


async def test_of_what_describes_a_person_alone_no_more_is_kept_than_that_it_came(
    store: Store, begin: BeginWork
) -> None:
    events = [an_event(NothingToDo(of_a_person=of_a_person)) for of_a_person in (True, False)]
    for event in events:
        async with begin() as work:
            assert await work.inbox.first_time(event)
            work.inbox.ignore(event.id)
            await work.commit()
    async with begin() as work:
        kept = [await work.inbox.find(event.id) for event in events]

    assert [None, events[1].body] == [event.body if event is not None else b"unknown" for event in kept]


async def test_an_event_is_new_once_within_one_work_too(begin: BeginWork) -> None:
    event = an_event()
    async with begin() as work:
        assert await work.inbox.first_time(event)
        assert not await work.inbox.first_time(event)


async def test_the_id_alone_makes_an_event_the_same(begin: BeginWork) -> None:
    event = an_event()
    async with begin() as work:
        await work.inbox.first_time(event)
        await work.commit()
    async with begin() as work:
        assert not await work.inbox.first_time(an_event(id=event.id, body=b"another"))


async def test_of_twenty_deliveries_at_once_one_is_the_first(begin: BeginWork) -> None:
    event = an_event()

    async def deliver() -> bool:
        async with begin() as work:
            first = await work.inbox.first_time(event)
            await work.commit()
        return first

    outcomes = await asyncio.gather(*(deliver() for _ in range(20)))

    assert 1 == sum(outcomes)


async def test_an_event_of_no_concern_is_ignored(store: Store, begin: BeginWork) -> None:
    event = an_event()
    async with begin() as work:
        await work.inbox.first_time(event)
        work.inbox.ignore(event.id)
        await work.commit()

    assert await store.events() == [(event.id, "ignored", None)]
    async with begin() as work:
        assert await work.inbox.parked(event.id) is None
        assert not await work.inbox.first_time(event)


async def test_a_parked_event_is_kept_with_its_error_until_it_is_settled(store: Store, begin: BeginWork) -> None:
    event = an_event()
    async with begin() as work:
        await work.inbox.park(event, "no such payment")
        await work.commit()
    async with begin() as work:
        found = await work.inbox.parked(event.id)

    assert found is not None
    assert (event.id, event.body, EventState.PARKED, "no such payment") == (
        found.id,
        found.body,
        found.state,
        found.error,
    )
    assert await store.events() == [(event.id, "parked", "no such payment")]


async def test_a_parked_event_is_no_longer_new(begin: BeginWork) -> None:
    event = an_event()
    async with begin() as work:
        await work.inbox.park(event, "why")
        await work.commit()
    async with begin() as work:
        assert not await work.inbox.first_time(event)


async def test_parking_leaves_an_event_that_was_kept_before_as_it_is(store: Store, begin: BeginWork) -> None:
    event = an_event()
    async with begin() as work:
        await work.inbox.first_time(event)
        await work.commit()
    for error in ("first", "second"):
        async with begin() as work:
            await work.inbox.park(event, error)
            await work.commit()

    assert await store.events() == [(event.id, "handled", None)]


async def test_a_parked_event_keeps_its_first_error(store: Store, begin: BeginWork) -> None:
    event = an_event()
    for error in ("first", "second"):
        async with begin() as work:
            await work.inbox.park(event, error)
            await work.commit()

    assert await store.events() == [(event.id, "parked", "first")]


async def test_a_settled_event_is_parked_no_longer(store: Store, begin: BeginWork) -> None:
    events = {EventState.HANDLED: an_event(), EventState.IGNORED: an_event()}
    for state, event in events.items():
        async with begin() as work:
            await work.inbox.park(event, "why")
            await work.commit()
        async with begin() as work:
            assert await work.inbox.parked(event.id) is not None
            work.inbox.settle(event.id, state)
            await work.commit()

    async with begin() as work:
        assert [await work.inbox.parked(event.id) for event in events.values()] == [None, None]
    assert sorted((event.id, state, None) for state, event in events.items()) == await store.events()


async def test_an_event_may_be_settled_as_parked_again_with_another_error(store: Store, begin: BeginWork) -> None:
    event = an_event()
    async with begin() as work:
        await work.inbox.park(event, "first")
        await work.commit()
    async with begin() as work:
        await work.inbox.parked(event.id)
        work.inbox.settle(event.id, EventState.PARKED, "second")
        await work.commit()

    assert await store.events() == [(event.id, "parked", "second")]


async def test_the_second_reader_of_a_parked_event_waits_and_finds_it_handled(store: Store, begin: BeginWork) -> None:
    event = an_event()
    async with begin() as work:
        await work.inbox.park(event, "why")
        await work.commit()

    async def second() -> object:
        async with begin() as work:
            return await work.inbox.parked(event.id)

    async with begin() as first:
        await first.inbox.parked(event.id)
        waiting = asyncio.create_task(second())
        await store.until_waiting(1)
        waits = not waiting.done()
        first.inbox.settle(event.id, EventState.HANDLED)
        await first.commit()

    assert waits
    assert await waiting is None


async def test_an_event_whose_work_is_undone_is_new_again(store: Store, begin: BeginWork) -> None:
    event = an_event()
    async with begin() as work:
        await work.inbox.first_time(event)
        work.payments.add(a_payment(), CAUSE)
    async with begin() as work:
        first = await work.inbox.first_time(event)
        await work.commit()

    assert first
    assert await store.events() == [(event.id, "handled", None)]
