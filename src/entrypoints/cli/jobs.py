"""The jobs in the hands of an operator: see which are dead, have them tried again, give them up."""

from typing import TYPE_CHECKING, Final

import click
import msgspec

from application.ports.jobs import JobKind, JobRecord, JobState
from application.settle_job import JobChange
from entrypoints.cli.operating import JSON, LIMIT, OPERATOR, at, first_line, with_service

if TYPE_CHECKING:
    from entrypoints.container import Container

PAGE: Final = 500
KIND: Final = click.option(
    "--kind", type=click.Choice(sorted(kind.value for kind in JobKind)), help="Of this kind only."
)


@click.group()
def jobs() -> None:
    """See the work that follows payments, and decide on what failed for good.

    \b
    Example: payments jobs list
    """


@jobs.command("list")
@click.option(
    "--state",
    type=click.Choice(sorted(state.value for state in JobState)),
    default=JobState.DEAD.value,
    show_default=True,
    help="In this state only.",
)
@KIND
@LIMIT
@JSON
def list_jobs(state: str, kind: str | None, limit: int, as_json: bool) -> None:
    """List jobs, the newest first.

    \b
    Example: payments jobs list --state dead --kind send_confirmation
    """
    wanted = JobKind(kind) if kind is not None else None
    found = with_service(lambda service: service.known_jobs().page(JobState(state), kind=wanted, limit=limit))
    click.echo(msgspec.json.encode(found).decode() if as_json else as_lines(found))


@jobs.command()
@click.argument("job_ids", nargs=-1, type=click.IntRange(1, 2**63 - 1))
@click.option("--dead", is_flag=True, help="All that are dead.")
@KIND
@click.option(
    "--even-if-sent", is_flag=True, help="Send a mail in doubt once more, though its member may have it already."
)
@OPERATOR
@JSON
def retry(
    job_ids: tuple[int, ...], dead: bool, kind: str | None, even_if_sent: bool, operator: str, as_json: bool
) -> None:
    """Have dead jobs done again from now on, with all their tries. Exit code 1 when one of those named is not dead.

    A mail is in doubt when its provider did not answer: it may have been sent. For 23 hours it is tried again, since the provider would
    recognise it. Then its job is dead, and one retried as it is dies again: either --even-if-sent sends it all the same, or
    `payments jobs discard` leaves it.

    \b
    Example: payments jobs retry 17 18
    Example: payments jobs retry --dead --kind send_confirmation
    Example: payments jobs retry 19 --even-if-sent
    """
    if bool(job_ids) == dead or (kind is not None and not dead):
        raise click.UsageError("Name jobs, or say --dead, with --kind where it should be one kind only.")
    wanted = JobKind(kind) if kind is not None else None

    async def revive(service: "Container") -> list[JobChange]:
        ids = list(job_ids) if job_ids else await dead_ids(service, wanted)
        verb = service.retry_job()
        return [await verb(job_id, operator=operator, even_if_sent=even_if_sent) for job_id in ids]

    tell(with_service(revive), JobState.READY, as_json=as_json)


@jobs.command()
@click.argument("job_ids", nargs=-1, type=click.IntRange(1, 2**63 - 1), required=True)
@OPERATOR
@JSON
def discard(job_ids: tuple[int, ...], operator: str, as_json: bool) -> None:
    """Give dead jobs up: what they were to do is never done. The event of a discarded retry is ignored from then on.

    \b
    Example: payments jobs discard 17
    """

    async def give_up(service: "Container") -> list[JobChange]:
        return [await service.discard_job()(job_id, operator=operator) for job_id in job_ids]

    tell(with_service(give_up), JobState.DISCARDED, as_json=as_json)


async def dead_ids(service: "Container", kind: JobKind | None) -> list[int]:
    """The ids of all dead jobs, the oldest first."""
    ids = list[int]()
    while page := await service.known_jobs().page(
        JobState.DEAD, kind=kind, limit=PAGE, before=ids[-1] if ids else None
    ):
        ids += [job.id for job in page]
    return ids[::-1]


def tell(changes: list[JobChange], wanted: JobState, *, as_json: bool) -> None:
    """Say what was done, and end with exit code 1 where something was not."""
    done = sum(is_done(change, wanted) for change in changes)
    if as_json:
        click.echo(as_document(changes, wanted))
    else:
        for change in changes:
            click.echo(said_of(change))
        click.echo(f"{done} of {len(changes)} jobs are {wanted} now")
    if done < len(changes):
        raise SystemExit(1)


def is_done(change: JobChange, wanted: JobState) -> bool:
    """Whether the job was moved as the operator asked."""
    return change.found is not None and change.found.state is not change.after and change.after is wanted


def as_document(changes: list[JobChange], wanted: JobState) -> str:
    """The same for programs. `before` and `after` are null for a job that is not known."""
    rows = [
        {
            "id": change.job_id,
            "before": change.found.state if change.found is not None else None,
            "after": change.after,
            "done": is_done(change, wanted),
        }
        for change in changes
    ]
    return msgspec.json.encode(rows).decode()


def said_of(change: JobChange) -> str:
    """What became of a job, in words."""
    if change.found is None:
        return f"{change.job_id}: there is no such job"
    name = f"{change.job_id} ({change.found.kind} of {change.found.subject})"
    if change.found.state is change.after:
        return f"{name}: is {change.after}, and only dead jobs are moved"
    return f"{name}: {change.found.state} -> {change.after}"


def as_lines(found: list[JobRecord]) -> str:
    """Jobs for people: one line each."""
    lines = [
        f"{job.id}  {job.state}  {job.kind} of {job.subject}  tries {job.attempts} of {job.attempts_max}  {moment(job)}"
        + (f"  {first_line(job.last_error)}" if job.last_error else "")
        for job in found
    ]
    return "\n".join([*lines, f"{len(found)} jobs"])


def moment(job: JobRecord) -> str:
    """The instant that matters about a job: when it ended, else when it is due."""
    return f"since {at(job.finished_at)}" if job.finished_at is not None else f"due {at(job.run_at)}"
