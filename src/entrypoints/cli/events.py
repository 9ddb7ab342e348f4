"""The provider's events in the hands of an operator: see what became of them, and let them be applied again."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import click
import msgspec

from application.ports.jobs import JobState
from application.ports.reads import AuditRecord, KeptEvent, WantedEvents
from application.ports.store import EventState, StoredEvent
from application.replay_event import Replay
from entrypoints.cli.operating import (
    JSON,
    LIMIT,
    OPERATOR,
    TEXT,
    an_instant,
    at,
    first_line,
    shown_as_done,
    with_service,
)

if TYPE_CHECKING:
    from entrypoints.container import Container

DEAD: Final = "dead"
STATES: Final = click.Choice([*sorted(state.value for state in EventState), DEAD])
PAGE: Final = 500
NOT_KEPT: Final = "Its body is not kept: it was about a customer alone, or is older than EVENT_BODY_DAYS."
TYPE: Final = click.option("--type", "event_type", type=TEXT, help="Of this type only, such as charge.refunded.")
SINCE: Final = click.option("--since", callback=an_instant, help="Received since then; UTC where no offset is named.")


@click.group()
def events() -> None:
    """See the events that Stripe delivered, and apply again what could not be applied.

    \b
    Example: payments events list --state dead
    """


@events.command("list")
@click.option("--state", type=STATES, help="In this state only; dead: parked, and its tries are used up.")
@TYPE
@SINCE
@LIMIT
@JSON
def list_events(state: str | None, event_type: str | None, since: datetime | None, limit: int, as_json: bool) -> None:
    """List events, the last received first.

    \b
    Example: payments events list --state parked --since 2026-01-31
    """
    dead = state == DEAD
    found_state = EventState(state) if state is not None and not dead else None
    wanted = WantedEvents(state=found_state, dead=dead, type=event_type, since=since)
    found = with_service(lambda service: service.kept_events().page(wanted, limit=limit))
    click.echo(as_document([described(kept) for kept in found]) if as_json else as_lines(found))


@events.command()
@click.argument("event_id", type=TEXT)
@click.option("--body", "with_body", is_flag=True, help="With what Stripe sent: it may name the member.")
@JSON
def show(event_id: str, with_body: bool, as_json: bool) -> None:
    """Show one event: what became of it, and what it changed.

    \b
    Example: payments events show evt_1 --body
    """

    async def look(service: "Container") -> tuple[KeptEvent, list[AuditRecord]] | None:
        kept = await service.kept_events().one(event_id)
        return (kept, await service.kept_events().caused(event_id)) if kept is not None else None

    found = with_service(look)
    if found is None:
        raise click.ClickException(f"No event {event_id} is kept: it never came, or it is forgotten (EVENT_ID_DAYS).")
    kept, caused = found
    body = body_of(kept.event) if with_body else None
    if as_json:
        document = described(kept) | {"audit": caused}
        click.echo(as_document(document | {"body": body} if with_body else document))
    else:
        click.echo(as_page(kept, caused))
        if with_body:
            click.echo(f"\n{body if body is not None else NOT_KEPT}")


@events.command()
@click.argument("event_ids", nargs=-1, type=TEXT)
@click.option("--parked", is_flag=True, help="All that are parked, the dead ones among them.")
@TYPE
@SINCE
@OPERATOR
@JSON
def replay(
    event_ids: tuple[str, ...],
    parked: bool,
    event_type: str | None,
    since: datetime | None,
    operator: str,
    as_json: bool,
) -> None:
    """Apply events again: those named, or all parked or ignored ones that match. Handled ones stay as they are.

    Exit code 0 when nothing of them is left to do, 1 when one is parked, unknown or without its body.

    \b
    Example: payments events replay evt_1 evt_2
    Example: payments events replay --type charge.refunded --since 2026-01-31
    """
    matching = parked or event_type is not None or since is not None
    if bool(event_ids) == matching:
        raise click.UsageError("Name events, or say which: --parked, --type, --since.")
    states = (EventState.PARKED,) if parked else (EventState.PARKED, EventState.IGNORED)
    wanted = [WantedEvents(state=state, type=event_type, since=since) for state in states]

    async def apply(service: "Container") -> list[Replay]:
        ids = list(event_ids) if event_ids else await matching_ids(service, wanted)
        apply_again = service.replay_event()
        return [await apply_again(event_id, operator=operator) for event_id in shown_as_done(ids, "Applying events")]

    done = with_service(apply)
    click.echo(as_document(done) if as_json else replays_as_lines(done))
    if any(is_left(one) for one in done):
        raise SystemExit(1)


async def matching_ids(service: "Container", wanted: list[WantedEvents]) -> list[str]:
    """The ids of all events that match one of these, the first received first."""
    found = dict[str, StoredEvent]()
    for kind in wanted:
        last: StoredEvent | None = None
        while page := await service.kept_events().page(kind, limit=PAGE, before=last):
            last = page[-1].event
            found |= {kept.event.id: kept.event for kept in page}
    return sorted(found, key=lambda event_id: (found[event_id].received_at, event_id))


def is_left(replay: Replay) -> bool:
    """Whether an operator has still something to do."""
    return replay.after in (None, EventState.PARKED) or replay.error is not None


def state_of(kept: KeptEvent) -> str:
    """The state of an event in the words of --state."""
    return DEAD if kept.dead else kept.event.state


def next_try(kept: KeptEvent) -> datetime | None:
    """When it is tried again by itself (UTC)."""
    waits = kept.event.state is EventState.PARKED and kept.retry is not None and kept.retry.state is JobState.READY
    return kept.retry.run_at if waits and kept.retry is not None else None


def described(kept: KeptEvent) -> dict[str, object]:
    """An event for programs, without its body."""
    event, retry = kept.event, kept.retry
    return {
        "id": event.id,
        "type": event.type,
        "api_version": event.api_version,
        "created_at": event.created_at,
        "received_at": event.received_at,
        "state": state_of(kept),
        "error": event.error,
        "last_error": retry.last_error if retry is not None else None,
        "tries": retry.attempts if retry is not None else 0,
        "tries_max": retry.attempts_max if retry is not None else None,
        "next_try_at": next_try(kept),
        "job_id": retry.id if retry is not None else None,
    }


def as_document(what: object) -> str:
    """JSON on one line."""
    return msgspec.json.encode(what).decode()


def as_lines(found: list[KeptEvent]) -> str:
    """Events for people: one line each."""
    lines = [
        f"{at(kept.event.received_at)}  {state_of(kept):<7}  {kept.event.id}  {kept.event.type}"
        + (f"  {first_line(kept.event.error)}" if kept.event.error else "")
        for kept in found
    ]
    return "\n".join([*lines, f"{len(found)} events"])


def as_page(kept: KeptEvent, caused: list[AuditRecord]) -> str:
    """One event for people, with what it changed."""
    event, retry = kept.event, kept.retry
    lines = [
        ("event", event.id),
        ("type", f"{event.type}, API version {event.api_version or 'unknown'}"),
        ("created", at(event.created_at)),
        ("received", at(event.received_at)),
        ("state", state_of(kept)),
    ]
    if event.error is not None:
        lines.append(("error", event.error))
    if retry is not None:
        lines.append(("tries", f"{retry.attempts} of {retry.attempts_max}, next {at(next_try(kept))} (job {retry.id})"))
        if retry.last_error is not None:
            lines.append(("last error", retry.last_error))
    lines += [
        (
            "audit",
            f"{at(row.at)}  {row.entity} {row.entity_id}: {row.from_status or '-'} -> {row.to_status}, {row.why}, {row.actor}",
        )
        for row in caused
    ]
    return "\n".join(f"{name:<11} {value}" for name, value in lines)


def body_of(event: StoredEvent) -> str | None:
    """What was delivered, as text; null where it is no longer kept."""
    return event.body.decode("utf-8", errors="replace") if event.body is not None else None


def replays_as_lines(done: list[Replay]) -> str:
    """Replays for people: one line each."""
    left = sum(is_left(one) for one in done)
    return "\n".join([*(said_of(one) for one in done), f"{len(done)} events, {left} left to do"])


def said_of(one: Replay) -> str:
    """What a replay did, in words."""
    if one.before is None:
        return f"{one.event_id}: unknown: it never came, or it is forgotten (EVENT_ID_DAYS)"
    if one.error is not None:
        return f"{one.event_id}: {one.before} -> {one.after}: {first_line(one.error)}"
    if one.before is one.after:
        return f"{one.event_id}: {one.before} already, nothing was done"
    return f"{one.event_id}: {one.before} -> {one.after}"
