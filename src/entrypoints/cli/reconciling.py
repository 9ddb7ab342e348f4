"""Reconciling by hand, and telling what was found."""

import click
import msgspec

from application.errors import TryAgain
from application.reconcile import Reconciliation
from entrypoints.cli.environment import Unusable
from entrypoints.container import Container
from entrypoints.settings import Settings


async def reconcile_now(settings: Settings, *, as_json: bool) -> int:
    """Reconcile, print what was found, and return the exit code. Raises Unusable when the database cannot be worked with."""
    container = Container(settings=settings)
    async with container.closing():
        try:
            found = await container.reconcile()(whatever_the_age=True)
        except TryAgain as fault:
            raise Unusable(
                f"The database cannot be worked with: {fault}. Is it migrated? (`payments migrate`)"
            ) from fault
    left = len(found.differences) - found.repaired
    click.echo(as_document(found) if as_json else as_lines(found))
    return 1 if left or not found.complete else 0


def as_document(found: Reconciliation) -> str:
    """A reconciliation for programs."""
    document = {
        "checked": found.checked,
        "repaired": found.repaired,
        "complete": found.complete,
        "faults": found.faults,
        "foreign": found.foreign,
        "differences": found.differences,
    }
    return msgspec.json.encode(document).decode()


def as_lines(found: Reconciliation) -> str:
    """A reconciliation for people, each difference by name."""
    lines = [
        f"{one.what} {one.id}: {one.before} -> {one.after}, {one.why}"
        if one.repaired
        else f"{one.what} {one.id}: still {one.before}, {one.why}"
        for one in found.differences
    ]
    lines += [f"not complete, {fault}" for fault in found.faults]
    foreign = f", foreign {found.foreign}" if found.foreign else ""
    lines.append(f"checked {found.checked}, repaired {found.repaired}, differences {len(found.differences)}{foreign}")
    return "\n".join(lines)
