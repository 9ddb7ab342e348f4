"""`payments audit` names what is wrong, changes nothing, and tells by its exit code whether anything is."""

import asyncio
import json
import subprocess
from collections.abc import Callable
from typing import Final

import asyncpg
import pytest

from adapters.postgres.invariants import INVARIANTS

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NOBODY_LISTENS: Final = "postgresql://payments:known-to-nobody@127.0.0.1:1/payments"
LATE_JOBS: Final = """
    INSERT INTO jobs (kind, subject, attempts_max, run_at)
    SELECT 'retry_event', 'evt_' || n, 1, now() - interval '1 hour' FROM generate_series(1, 22) n
"""


def executed(url: str, statement: str) -> None:
    """Send a statement."""

    async def send() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(send())


def test_what_breaks_a_rule_is_named_and_ends_with_1(payments: Run, database_url: str) -> None:
    executed(database_url, LATE_JOBS)
    lines = payments("audit", DATABASE_URL=database_url)
    document = payments("audit", "--json", "--settled", DATABASE_URL=database_url)
    told = json.loads(document.stdout)

    assert (1, 1) == (lines.returncode, document.returncode)
    assert lines.stdout.startswith("job_is_not_late: 22 against it. No job waits for a worker")
    assert "\n  retry_event/evt_1: ready, due " in lines.stdout
    assert lines.stdout.endswith(f"\n  and 2 more\nchecked {sum(not one.settled for one in INVARIANTS)}, broken 1\n")
    assert [("job_is_not_late", 22, 20), ("every_job_is_done", 22, 20)] == [
        (broken["name"], broken["count"], len(broken["shown"])) for broken in told["broken"]
    ]
    assert (True, [one.name for one in INVARIANTS]) == (told["settled"], told["checked"])


def test_a_database_in_which_all_holds_ends_with_0(payments: Run, database_url: str) -> None:
    run = payments("audit", "--settled", DATABASE_URL=database_url)

    assert (0, f"checked {len(INVARIANTS)}, broken 0\n", "") == (run.returncode, run.stdout, run.stderr)


def test_a_database_without_a_schema_tells_nothing_and_ends_with_3(payments: Run, empty_database_url: str) -> None:
    run = payments("audit", DATABASE_URL=empty_database_url)

    assert (3, "") == (run.returncode, run.stdout)
    assert "payments migrate" in run.stderr
    assert 1 == len(run.stderr.splitlines())


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_database_that_is_away_ends_with_3(payments: Run, options: tuple[str, ...]) -> None:
    run = payments("audit", *options, DATABASE_URL=NOBODY_LISTENS)

    assert (3, "") == (run.returncode, run.stdout)
    assert run.stderr.startswith("Nothing can be told: The database cannot be reached: postgresql://")
    assert "known-to-nobody" not in run.stderr


def test_a_role_that_may_not_read_ends_with_3(payments: Run, database_url: str) -> None:
    executed(database_url, "DROP ROLE IF EXISTS reads_nothing")
    executed(database_url, "CREATE ROLE reads_nothing LOGIN")
    run = payments("audit", DATABASE_URL=database_url.replace("postgres:@", "reads_nothing:@", 1))
    executed(database_url, "DROP ROLE reads_nothing")

    assert (3, "") == (run.returncode, run.stdout)
    assert run.stderr.startswith("Nothing can be told: ")
    assert "Traceback" not in run.stderr
