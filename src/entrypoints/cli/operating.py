"""What all commands of an operator share: who asks, what they may say, and the service over the database they ask about."""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TextIO, TypeVar
from unicodedata import category

import click

from application.errors import TryAgain
from entrypoints.cli.environment import Unusable, check_database, settings_of_process, with_database
from entrypoints.logs import configure_logs
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from entrypoints.container import Container

Result = TypeVar("Result")
Thing = TypeVar("Thing")


def shown_as_done(things: Sequence[Thing], what: str, to: TextIO | None = None) -> Iterator[Thing]:
    """The same things, one after the other, with a bar of how many are done; on a terminal alone, and there beside the output (stderr)."""
    to = to if to is not None else sys.stderr
    with click.progressbar(things, label=what, show_pos=True, file=to, hidden=not to.isatty()) as bar:
        yield from bar


def login_name() -> str:
    """Who is at work; by number where the machine has no name for them, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


class Text(click.ParamType[str]):
    """A text that can be stored and shown: no bytes that are no UTF-8, which Python keeps as lone surrogates, and no control signs."""

    name = "text"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is. Fails with a usage error that names the first sign that is none."""
        found = str(value)
        odd = next((sign for sign in found if category(sign) in ("Cc", "Cs")), None)
        if odd is not None:
            self.fail(f"{found!r} has a sign that no text has: {odd!r}. Is it UTF-8?", param, ctx)
        if len(found) > TEXT_LENGTH_MAX:
            self.fail(f"is longer than {TEXT_LENGTH_MAX} characters", param, ctx)
        return found


TEXT = Text()
TEXT_LENGTH_MAX: Final = 300

OPERATOR = click.option(
    "--operator", type=TEXT, default=login_name, show_default="your login name", help="Who decides; the audit keeps it."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
LIMIT = click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many at most, the newest first."
)


def an_instant(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    """A date or an instant in ISO 8601, in UTC, which it also is where it names no offset."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{value!r} is no date or time, such as 2026-01-31 or 2026-01-31T12:00:00Z") from error


def with_service(do: Callable[["Container"], Awaitable[Result]]) -> Result:
    """What comes of a call to the service. Raises Unusable, with what to do, when the database cannot be worked with."""
    settings = settings_of_process()
    configure_logs("ERROR", as_json=settings.log_json)
    with with_database(settings) as complete:
        asyncio.run(check_database(complete.database_url or ""))
        try:
            return asyncio.run(_within(complete, do))
        except TryAgain as fault:
            raise Unusable(
                f"The database cannot be worked with: {fault}. Is it migrated? (`payments migrate`)"
            ) from fault


async def _within(settings: Settings, do: Callable[["Container"], Awaitable[Result]]) -> Result:
    from entrypoints.container import Container

    container = Container(settings=settings)
    async with container.closing():
        return await do(container)


def at(instant: datetime | None) -> str:
    """An instant for people: UTC, to the second."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if instant is not None else "-"


def first_line(text: str | None, length: int = 120) -> str:
    """The beginning of an error, on one line."""
    words = " ".join((text or "").split())
    return words if len(words) <= length else words[: length - 3] + "..."
