"""An operator looks at kept events and dead jobs from the command line, and decides on them."""

import asyncio
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import asyncpg
import click
import pytest
from click.testing import CliRunner

from adapters.postgres.database import Database
from adapters.postgres.jobs import PostgresJobQueue
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.ports.gateway import ProviderEvent
from application.ports.jobs import JobKind, NewJob
from builders import an_event
from entrypoints.cli import operating
from entrypoints.cli.commands import payments
from entrypoints.cli.events import events
from entrypoints.cli.jobs import jobs
from entrypoints.cli.operating import shown_as_done

Said = Callable[..., str]
NO_EVENT = b'{"id": "evt_none"}'
OF_NOBODY = b"""{"id": "evt_nobody", "object": "event", "type": "checkout.session.expired", "created": 1767225600,
 "livemode": false, "data": {"object": {"id": "cs_test_1", "object": "checkout.session", "mode": "setup", "livemode": false,
 "status": "expired", "payment_status": "unpaid", "expires_at": 1767229200}}}"""
COMMANDS = [(group, name) for group in (events, jobs) for name in sorted(group.commands)]


async def let_it_all_happen(url: str) -> int:
    """A handled event, one of nobody's that was parked by a bug, and poison whose tries are used up: the id of its job."""
    database = Database(url)
    nobody = an_event(id="evt_nobody", type="checkout.session.expired", body=OF_NOBODY)
    poison = an_event(id="evt_poison", body=NO_EVENT)
    async with PostgresUnitOfWork(database) as work:
        await work.inbox.first_time(an_event(id="evt_handled", type="charge.refunded"))
        await park(work, poison)
        await work.commit()
    (job,) = await PostgresJobQueue(database).claim(frozenset(JobKind), limit=2, lease_seconds=60)
    await PostgresJobQueue(database).fail(job, "InvalidEvent: it never fits", retry_after_seconds=None)
    async with PostgresUnitOfWork(database) as work:
        await park(work, nobody)
        await work.commit()
    await database.close()
    return job.id


async def park(work: PostgresUnitOfWork, event: ProviderEvent) -> None:
    await work.inbox.park(event, "ZeroDivisionError: division by zero")
    work.jobs.enqueue(NewJob(kind=JobKind.RETRY_EVENT, subject=event.id))


async def rows(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    found = await connection.fetch(query)
    await connection.close()
    return [tuple(row) for row in found]


@pytest.mark.parametrize(("group", "name"), COMMANDS, ids=[f"{group.name} {name}" for group, name in COMMANDS])
def test_the_help_of_every_command_shows_an_example(group: click.Group, name: str) -> None:
    assert f"Example: payments {group.name} {name}" in CliRunner().invoke(group, [name, "--help"]).output


@pytest.mark.parametrize(
    ("group", "arguments", "word"),
    [
        (events, ["replay"], "Name events, or say which"),
        (events, ["replay", "evt_1", "--parked"], "Name events, or say which"),
        (events, ["list", "--since", "yesterday"], "is no date or time"),
        (events, ["list", "--state", "lost"], "'lost' is not one of"),
        (events, ["list", "--limit", "0"], "is not in the range"),
        (jobs, ["retry"], "Name jobs, or say --dead"),
        (jobs, ["retry", "1", "--dead"], "Name jobs, or say --dead"),
        (jobs, ["retry", "1", "--kind", "retry_event"], "Name jobs, or say --dead"),
        (jobs, ["discard"], "Missing argument"),
        (jobs, ["discard", "x"], "is not a valid integer"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_clear_word(group: click.Group, arguments: list[str], word: str) -> None:
    result = CliRunner().invoke(group, arguments)

    assert 2 == result.exit_code
    assert word in result.output


@pytest.fixture
def said(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """Runs a command over the database, and gives what it says; it must end with this exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr(operating, "configure_logs", lambda *_, **__: None)  # the logs of this process are pytest's

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(payments, arguments)
        assert code == result.exit_code, result.output
        return result.output

    return run


def test_an_operator_sees_replays_and_discards_what_could_not_be_applied(said: Said, database_url: str) -> None:
    job_id = asyncio.run(let_it_all_happen(database_url))
    dead = json.loads(said("events", "list", "--state", "dead", "--json"))
    shown = said("events", "show", "evt_poison", "--body")
    unknown = said("events", "show", "evt_unknown", code=1)
    replayed = said("events", "replay", "--parked", "--operator", "nadia", code=1)
    parked = said("events", "list", "--state", "parked")
    handled = said("events", "replay", "evt_handled")
    audit = asyncio.run(
        rows(database_url, "SELECT entity_id, to_status, actor FROM audit WHERE entity = 'event' ORDER BY id")
    )
    not_dead = said("jobs", "discard", str(job_id), code=1)
    not_dead_for_programs = json.loads(said("jobs", "discard", str(job_id), "--json", code=1))
    asyncio.run(rows(database_url, "UPDATE jobs SET state = 'dead', finished_at = now() WHERE subject = 'evt_poison'"))
    listed = said("jobs", "list", "--kind", "retry_event")
    retried = said("jobs", "retry", "--dead")
    asyncio.run(rows(database_url, "UPDATE jobs SET state = 'dead', finished_at = now() WHERE subject = 'evt_poison'"))
    discarded = said("jobs", "discard", str(job_id))

    assert [("evt_poison", "dead", 1, job_id)] == [
        (one["id"], one["state"], one["tries"], one["job_id"]) for one in dead
    ]
    assert "InvalidEvent: it never fits" in shown
    assert NO_EVENT.decode() in shown
    assert "No event evt_unknown is kept" in unknown
    assert "evt_poison: parked -> parked: InvalidEvent: The body is no event of Stripe." in replayed
    assert replayed.endswith("evt_nobody: parked -> ignored\n2 events, 1 left to do\n")
    assert ["evt_poison", "1 events"] == [parked.split()[3], parked.splitlines()[-1]]
    assert "evt_handled: handled already, nothing was done" in handled
    assert [("evt_poison", "parked", "operator:nadia"), ("evt_nobody", "ignored", "operator:nadia")] == audit
    assert "is ready, and only dead jobs are moved" in not_dead
    assert f"{job_id}  dead  retry_event of evt_poison" in listed
    assert [{"id": job_id, "before": "ready", "after": "ready", "done": False}] == not_dead_for_programs
    assert f"{job_id} (retry_event of evt_poison): dead -> ready\n1 of 1 jobs are ready now\n" == retried
    assert f"{job_id} (retry_event of evt_poison): dead -> discarded\n1 of 1 jobs are discarded now\n" == discarded
    assert [("evt_handled", "handled"), ("evt_nobody", "ignored"), ("evt_poison", "ignored")] == asyncio.run(
        rows(database_url, "SELECT id, state FROM events ORDER BY id")
    )


@pytest.mark.parametrize(
    "words",
    [
        *(("events", "list", "--type", "\udcff"), ("events", "show", "evt_\udcff"), ("events", "replay", "evt_\udc80")),
        *(("events", "list", "--type", "charge\x1brefunded"), ("story", "\udcff"), ("review", "adopt", "cs_\udcff")),
        ("jobs", "retry", "1", "--operator", "\udcff"),
        ("review", "adopt", "cs_1", "--reason", "r" * 301),
    ],
)
def test_bytes_that_are_no_text_are_refused_by_name_before_anything_is_asked(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(payments, words)

    assert 2 == result.exit_code, result.output
    assert "Is it UTF-8?" in result.output or "longer than 300 characters" in result.output
    assert isinstance(result.exception, SystemExit)


class Terminal(StringIO):
    """What looks at what is written, or something that only keeps it."""

    def __init__(self, looks: bool) -> None:
        super().__init__()
        self._looks = looks

    def isatty(self) -> bool:
        return self._looks


@pytest.mark.parametrize("looks", [True, False])
def test_long_work_shows_how_much_is_done_to_whoever_looks_at_a_terminal(looks: bool) -> None:
    terminal = Terminal(looks)
    done = list(shown_as_done(["evt_1", "evt_2"], "Applying events", terminal))

    assert ["evt_1", "evt_2"] == done
    assert looks is ("Applying events" in terminal.getvalue())
    assert looks is ("2/2" in terminal.getvalue())
