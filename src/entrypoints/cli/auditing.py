"""Auditing by hand: whether what is stored is as it must be, and telling what is not."""

import sys

import click
import msgspec

from application.errors import TryAgain
from application.ports.reads import BrokenInvariant, Inspection
from entrypoints.cli.environment import Unusable, check_database
from entrypoints.container import Container
from entrypoints.settings import Settings


async def audit_now(settings: Settings, *, as_json: bool, settled: bool, seconds: float) -> int:
    """Check, print what was found, and return the exit code: 0 all holds, 1 something does not, 3 it cannot be told."""
    try:
        await check_database(settings.database_url or "")
    except Unusable as fault:
        sys.stderr.write(f"Nothing can be told: {fault}\n")
        return 3
    container = Container(settings=settings)
    async with container.closing():
        try:
            found = await container.invariants(seconds_max=seconds).inspect(settled=settled)
        except TryAgain as fault:
            sys.stderr.write(
                f"Nothing can be told: {fault}. Is it migrated (`payments migrate`)? Is --seconds enough?\n"
            )
            return 3
        except Exception as error:
            # Also a fault that nobody foresaw, such as a role that may not read, is no broken book.
            sys.stderr.write(f"Nothing can be told: {type(error).__name__}: {error}\n")
            return 3
    click.echo(as_document(found, settled=settled) if as_json else as_lines(found))
    return 1 if found.broken else 0


def as_document(found: Inspection, *, settled: bool) -> str:
    """An inspection for programs."""
    document = {"settled": settled, "checked": found.checked, "broken": found.broken}
    return msgspec.json.encode(document).decode()


def as_lines(found: Inspection) -> str:
    """An inspection for people, each invariant that does not hold by name and with the first few that break it."""
    lines = [line for broken in found.broken for line in lines_of(broken)]
    lines.append(f"checked {len(found.checked)}, broken {len(found.broken)}")
    return "\n".join(lines)


def lines_of(broken: BrokenInvariant) -> list[str]:
    """An invariant that does not hold."""
    head = f"{broken.name}: {broken.count} against it. {broken.says}"
    more = broken.count - len(broken.shown)
    rest = [f"  and {more} more"] if more else []
    return [head, *(f"  {violation.id}: {violation.found}" for violation in broken.shown), *rest]
