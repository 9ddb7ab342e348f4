"""`payments doctor`: each check in one line, with what to do where something is not as it must be."""

import asyncio
import sys
from typing import Final

import click
import msgspec

from entrypoints.cli.environment import Unusable, settings_of_process, with_database
from entrypoints.cli.operating import JSON
from entrypoints.doctor.findings import Finding, State, examined, fault, ok
from entrypoints.settings import ConfigurationError, Settings

MARKS: Final = {State.OK: ("ok     ", "green"), State.WARNING: ("warning", "yellow"), State.FAULT: ("FAULT  ", "red")}


@click.command()
@JSON
def doctor(as_json: bool) -> None:
    """Look at everything that the service depends on: configuration, database, clocks, Stripe, webhook, mail, tokens.

    Changes nothing and shows no secret. Exit code 0 when every check holds, warnings allowed, else 1.

    \b
    Example: payments doctor
             payments doctor --json
    """
    try:
        settings = settings_of_process()
    except ConfigurationError as error:
        found = [
            fault("configuration", said, "Correct it; docs/configuration.md has every variable.")
            for said in error.faults
        ]
    except Unusable as error:
        found = [fault("configuration", str(error), "Correct it; docs/configuration.md has every variable.")]
    else:
        found = [ok("configuration", "every variable can be used, and the price list too"), *looked_at(settings)]
    if as_json:
        click.echo(msgspec.json.encode({"sound": sound(found), "checks": found}).decode())
    else:
        for finding in found:
            show(finding)
    sys.exit(0 if sound(found) else 1)


def looked_at(settings: Settings) -> list[Finding]:
    """What lies around the service."""
    from entrypoints.doctor.checks import Checks

    try:
        with with_database(settings) as complete:
            checks = Checks(complete)
            return asyncio.run(
                examined(
                    {
                        "database": checks.database,
                        "Stripe": checks.stripe,
                        "webhook endpoint": checks.endpoint,
                        "webhook door": checks.door,
                        "mail": checks.mail,
                        "tokens": checks.tokens,
                        "time zone": checks.time_zone,
                    }
                )
            )
    except Unusable as error:
        return [fault("database", str(error), "Start it, or set DATABASE_URL.")]


def sound(found: list[Finding]) -> bool:
    """Whether nothing keeps the service from working."""
    return all(finding.state is not State.FAULT for finding in found)


def show(finding: Finding) -> None:
    """One line, and a second one for what to do."""
    mark, colour = MARKS[finding.state]
    click.echo(f"{click.style(mark, fg=colour)}  {finding.name}: {finding.says}")
    if finding.mend is not None:
        click.echo(f"         -> {finding.mend}")
