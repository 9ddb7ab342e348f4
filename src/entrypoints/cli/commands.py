"""The commands and their options."""

import asyncio
import json
import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click

from entrypoints import loops
from entrypoints.cli.environment import (
    Unusable,
    check_database,
    check_port,
    migrate_database,
    settings_of_process,
    with_database,
)
from entrypoints.cli.operating import JSON
from entrypoints.cli.simulating import simulate
from entrypoints.cli.stopping import ending_when_told
from entrypoints.settings import APP_PORT, SANDBOX_PORT, SYMMETRIC, Settings

PORT = click.IntRange(0, 65535)
DRAIN_SECONDS = 5
USER_TYPES = click.Choice(["talent", "professional", "company"])


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def payments() -> None:
    """Annual fees through hosted Stripe Checkout.

    Example: payments run
    """


@payments.command()
def run() -> None:
    """Start everything on this machine: Postgres, the Stripe sandbox, the service and its worker. Ctrl-C stops all.

    \b
    Example: payments run
    """
    from entrypoints.cli.serving import sandbox_process, serve
    from entrypoints.logs import configure_logs

    settings = settings_of_process()
    if settings.production:
        raise Unusable("`payments run` is for one machine: in production use `payments serve` and `payments worker`.")
    host, port = address_of_run(settings)
    check_port(host, port, "The service")
    configure_logs(settings.log_level, as_json=settings.log_json)
    with sandbox_process(settings) as wait_for_sandbox, with_database(settings) as complete:
        asyncio.run(migrate_database(complete.database_url or ""))
        wait_for_sandbox()
        loops.run(serve(complete, host, port, ready=lambda: _welcome(complete), work=True))


@payments.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=PORT, default=APP_PORT, show_default=True, help="Port to listen on.")
@click.option(
    "--workers", "processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Number of processes."
)
@click.option(
    "--drain",
    "drain_seconds",
    type=click.IntRange(0, 60),
    help="Seconds to go on serving after being told to stop, while not ready.  [default: 5 in production, else 0]",
)
def serve(host: str, port: int, processes: int, drain_seconds: int | None) -> None:
    """Serve the API. Migrates nothing in production.

    \b
    Example: payments serve --host 0.0.0.0 --port 8000 --drain 10
    """
    from entrypoints.cli import serving
    from entrypoints.logs import configure_logs

    settings = settings_of_process()
    check_port(host, port, "The service")
    configure_logs(settings.log_level, as_json=settings.log_json)
    with with_database(settings) as complete:
        url = complete.database_url or ""
        asyncio.run(check_database(url) if complete.production else migrate_database(url))
        if drain_seconds is None:
            drain_seconds = DRAIN_SECONDS if complete.production else 0
        if processes == 1:
            loops.run(serving.serve(complete, host, port, work=False, drain_seconds=drain_seconds))
        else:
            os.environ["DATABASE_URL"] = url
            serving.serve_in_processes(host, port, processes, drain_seconds=drain_seconds)


@payments.command()
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address of the page of its counters.")
@click.option("--metrics-port", type=PORT, help="Port of that page, GET /metrics.  [default: no such page]")
def worker(metrics_host: str, metrics_port: int | None) -> None:
    """Run the jobs that follow a payment: receipt numbers, e-mails, retries.

    \b
    Example: payments worker --metrics-port 9100
    """
    from entrypoints.cli import serving
    from entrypoints.logs import configure_logs

    settings = settings_of_process()
    metrics_at = None
    if metrics_port is not None:
        check_port(metrics_host, metrics_port, "The page of the counters")
        metrics_at = metrics_host, metrics_port
    configure_logs(settings.log_level, as_json=settings.log_json)
    with with_database(settings) as complete:
        asyncio.run(check_database(complete.database_url or ""))
        loops.run(serving.work(complete, metrics_at=metrics_at))


@payments.command()
@JSON
def migrate(as_json: bool) -> None:
    """Bring the database to the newest schema. Safe beside running replicas, and to run twice.

    \b
    Example: DATABASE_URL=postgresql://... payments migrate
    """
    with with_database(settings_of_process()) as settings:
        revision = asyncio.run(migrate_database(settings.database_url or ""))
    click.echo(json.dumps({"revision": revision}) if as_json else f"The database is at revision {revision}.")


@payments.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=PORT, default=SANDBOX_PORT, show_default=True, help="Port to listen on.")
@click.option("--webhook-url", help="Where events are delivered.  [default: the local service]")
@click.option(
    "--while-stdin-is-open", is_flag=True, help="Stop when standard input closes: when whoever started it ends."
)
def sandbox(host: str, port: int, webhook_url: str | None, while_stdin_is_open: bool) -> None:
    """Run the local Stripe sandbox. No money moves there.

    \b
    Example: payments sandbox --port 12111
    """
    from entrypoints.sandbox.config import SandboxConfig
    from entrypoints.sandbox.server import serve as serve_sandbox

    settings = settings_of_process()
    if settings.production:
        raise Unusable("The sandbox is no part of production: run it with APP_ENV=local.")
    check_port(host, port, "The Stripe sandbox")
    serve_sandbox(
        SandboxConfig(
            host=host,
            port=port,
            # Those of the service itself, which may be the machine's own or configured.
            api_key=settings.stripe_secret_key,
            webhook_secret=settings.stripe_webhook_secrets[0],
            webhook_url=webhook_url or f"{settings.app_url}/api/webhooks/stripe",
            state_file=settings.local_folder / "sandbox.json",
            account_name="Talents Acting",
        ),
        while_stdin_is_open=while_stdin_is_open,
    )


@payments.command()
@click.option("--user-id", default="user-1", show_default=True, help="The user's id.")
@click.option("--user-type", type=USER_TYPES, default="talent", show_default=True, help="What kind of user.")
@click.option("--email", default="member@example.org", show_default=True, help="Where mails go.")
@click.option("--name", default="A Member", show_default=True, help="How the member is addressed.")
@click.option("--locale", type=click.Choice(["fr", "ar", "en"]), default="fr", show_default=True, help="Language.")
@click.option("--scope", default="", help="Scopes, space-separated, such as subscriptions:read.")
@click.option(
    "--hours", type=click.IntRange(1, 24 * 366), default=12, show_default=True, help="How long the token is valid."
)
@JSON
def token(
    user_id: str, user_type: str, email: str, name: str, locale: str, scope: str, hours: int, as_json: bool
) -> None:
    """Print a signed token for local use, and nothing else; with --json also whose it is and for how long.

    \b
    Example: payments token --user-id u1 --user-type company --scope subscriptions:read
    """
    from domain.member import USER_ID_LENGTH_MAX, Locale, Member, UserId, UserType, is_email, is_user_id
    from entrypoints.http.tokens import sign_token

    if not is_user_id(user_id):
        raise Unusable(f"--user-id: 1 to {USER_ID_LENGTH_MAX} printable characters without a slash")
    if not is_email(email):
        raise Unusable("--email: one address in ASCII, such as member@example.org")
    settings = settings_of_process()
    if settings.production or settings.tokens.algorithm != SYMMETRIC or settings.tokens.secret is None:
        raise Unusable("Tokens can be made here with APP_ENV=local and HS256 only: elsewhere the platform issues them.")
    member = Member(
        user_id=UserId(user_id), user_type=UserType(user_type), email=email, name=name, locale=Locale(locale)
    )
    signed = sign_token(settings.tokens.secret, member, scope=scope, lifetime=timedelta(hours=hours))
    told = {"token": signed, "user_id": user_id, "user_type": user_type, "scope": scope, "expires_in": hours * 3600}
    click.echo(json.dumps(told) if as_json else signed)


@payments.command()
@JSON
def reconcile(as_json: bool) -> None:
    """Hold every unfinished payment against Stripe now, whatever its age, and repair what differs.

    Exit code 0 when everything agrees or was repaired, 1 when something is left, 130 when told to stop (Ctrl-C).

    \b
    Example: payments reconcile --json
    """
    from entrypoints.cli.reconciling import reconcile_now
    from entrypoints.logs import configure_logs

    settings = settings_of_process()
    configure_logs("WARNING", as_json=settings.log_json)
    with (
        ending_when_told("what was repaired stays so; run it again for the rest."),
        with_database(settings) as complete,
    ):
        asyncio.run(check_database(complete.database_url or ""))
        raise SystemExit(asyncio.run(reconcile_now(complete, as_json=as_json)))


@payments.command()
@JSON
@click.option("--settled", is_flag=True, help="Check also that nothing is left to do: for a service at rest.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.001, 86_400),
    default=60.0,
    show_default=True,
    help="How long one check may take.",
)
def audit(as_json: bool, settled: bool, seconds: float) -> None:
    """Check what is stored: one year for each paid payment, no gap in the receipts, and so on. Changes nothing.

    Safe on a live database: one read-only snapshot, no locks. Exit code 0 when all holds, 1 when something does not, 3 when the
    database is away or does not answer in time.

    \b
    Example: payments audit --json
    """
    from entrypoints.cli.auditing import audit_now

    settings = settings_of_process()
    with with_database(settings) as complete:
        raise SystemExit(asyncio.run(audit_now(complete, as_json=as_json, settled=settled, seconds=seconds)))


@payments.command()
@click.option("--keep", is_flag=True, help="Keep the folder with the database and the mails.")
def demo(keep: bool) -> None:
    """Take one payment for each user type through the whole path, and show what is true after each step.

    \b
    Example: payments demo
    """
    from entrypoints.cli.demo import run_demo

    raise SystemExit(run_demo(keep=keep))


payments.add_command(simulate)


def address_of_run(settings: Settings) -> tuple[str, int]:
    """Where to listen: as APP_URL says when it names this machine; behind a tunnel, at the usual place."""
    parts = urlsplit(settings.app_url)
    if parts.hostname in ("127.0.0.1", "::1", "localhost"):
        return parts.hostname, parts.port or APP_PORT
    return "127.0.0.1", APP_PORT


def _welcome(settings: Settings) -> None:
    click.echo(f"\nPay as a member:  {settings.sign_in_url}  (three ready members, one of each user type)")
    click.echo(f"Mails:            {settings.app_url}/dev/outbox")
    if settings.uses_sandbox:
        click.echo(f"Stripe sandbox:   {settings.stripe_api_base}/  (no money moves here; lists all checkouts)")
    click.echo(f"API:              {settings.app_url}/schema")
    program = Path(sys.argv[0]).name if shutil.which("payments") else os.path.relpath(sys.argv[0])
    click.echo("\nThe same members for programs:")
    for user_type, user_id in (("talent", "salma"), ("professional", "youssef"), ("company", "atlas")):
        token = f"$({program} token --user-id {user_id} --user-type {user_type})"
        click.echo(f'  curl --json "{{}}" -H "Authorization: Bearer {token}" {settings.app_url}/api/v1/checkouts')
    click.echo("\nCtrl-C stops everything.\n")
