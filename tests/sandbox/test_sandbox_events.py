"""The list of events answers a service that missed some, and can miss one itself."""

import pytest
import stripe

from sandbox.sandbox_world import World

THIRTY_DAYS = 30 * 86_400


async def named(world: World, *names: str) -> None:
    """Customers, each of which makes one event."""
    for name in names:
        await world.client.v1.customers.create_async({"name": name})


async def names_of(events: stripe.ListObject[stripe.Event]) -> list[str]:
    return [event.data.object["name"] async for event in events.auto_paging_iter()]


async def test_events_are_newest_first_and_what_came_after_a_known_one_oldest_first(world: World) -> None:
    await named(world, *"abcdef")
    events = world.client.v1.events
    newest = await events.list_async({"limit": 4})
    missed = await events.list_async({"limit": 2, "ending_before": newest.data[3].id})

    assert ["f", "e", "d", "c"] == [event.data.object["name"] for event in newest.data]
    assert newest.has_more
    assert ["f", "e", "d", "c", "b", "a"] == await names_of(newest)
    assert ["d", "e", "f"] == await names_of(missed)


async def test_events_are_asked_for_by_time(world: World) -> None:
    await named(world, "a")
    first = (await world.client.v1.events.list_async()).data[0].created
    await world.tell("clock", {"advance_seconds": 100})
    await named(world, "b")
    events = world.client.v1.events

    assert ["a"] == await names_of(await events.list_async({"created": {"gte": first, "lt": first + 100}}))
    assert ["b"] == await names_of(await events.list_async({"created": {"gt": first + 1}}))
    assert ["b", "a"] == await names_of(await events.list_async({"created": {"gt": first - 1, "lte": first + 200}}))


async def test_events_that_no_endpoint_took_can_be_asked_for(world: World) -> None:
    world.receiver.answers = [200]
    await named(world, "taken")
    await world.quiet()
    world.receiver.answers = [500] * 4
    await named(world, "refused")
    await world.quiet()
    await world.tell("faults/deliveries", {"kind": "lose"})
    await named(world, "lost")
    events = world.client.v1.events

    assert ["lost", "refused"] == await names_of(await events.list_async({"delivery_success": False}))
    assert ["taken"] == await names_of(await events.list_async({"delivery_success": True}))


async def test_events_are_forgotten_after_thirty_days(world: World) -> None:
    await named(world, "old")
    event = (await world.client.v1.events.list_async()).data[0]
    await world.tell("clock", {"advance_seconds": THIRTY_DAYS - 60})
    known = await names_of(await world.client.v1.events.list_async())
    await world.tell("clock", {"advance_seconds": 61})
    with pytest.raises(stripe.InvalidRequestError, match=f"No such event: '{event.id}'") as gone:
        await world.client.v1.events.retrieve_async(event.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such event") as lost_place:
        await world.client.v1.events.list_async({"ending_before": event.id})

    assert ["old"] == known
    assert [] == (await world.client.v1.events.list_async()).data
    assert (404, "id") == (gone.value.http_status, gone.value.param)
    assert (400, "ending_before") == (lost_place.value.http_status, lost_place.value.param)


async def test_one_type_and_several_exclude_each_other(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of these parameters: type, types"):
        await world.client.v1.events.list_async({"type": "charge.*", "types": ["charge.failed"]})


async def test_an_event_can_be_never_made_though_what_it_tells_has_happened(world: World) -> None:
    await world.tell("faults/deliveries", {"kind": "never", "type": "checkout.session.*"})
    paid = await world.paid()
    await world.quiet()
    told = {event["type"] for event in await world.told_of("*")}

    assert "paid" == paid.payment_status
    assert {"payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated"} == told
    assert told == set(world.receiver.types())
    assert [] == (await world.ask("faults"))["deliveries"]


async def test_a_never_fault_leaves_the_other_faults_of_an_event_alone(world: World) -> None:
    await world.tell(
        "faults/deliveries", [{"kind": "duplicate"}, {"kind": "never", "skip": 1, "type": "customer.created"}]
    )
    await named(world, "doubled", "never")
    await world.quiet()

    assert ["doubled", "doubled"] == [one.event().data.object["name"] for one in world.receiver.received]
