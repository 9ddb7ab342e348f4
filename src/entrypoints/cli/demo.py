"""The demonstration: one payment per user type through real HTTP, the real SDK, the sandbox's page, the signed webhook and the worker."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
import click
import httpx

from adapters.email.folder import read_outbox
from adapters.postgres import embedded
from entrypoints.cli.environment import migrate_database

PATIENCE_SECONDS: Final = 30.0
TEST_CARD: Final = "4242424242424242"
MEMBERS: Final = (
    ("talent", "Salma Bennani", "fr"),
    ("professional", "Youssef Alaoui", "en"),
    ("company", "Atlas Productions", "ar"),
)
Found = TypeVar("Found")


class NotSo(Exception):
    """Something that should be true is not; the message says what."""


def run_demo(*, keep: bool) -> int:
    """Run it, and return the exit code: 0 when all was so, 1 with the first thing that was not."""
    folder = Path(tempfile.mkdtemp(prefix="payments-demo-"))
    folder.chmod(0o755)
    try:
        with running_system(folder) as (url, database):
            taken = asyncio.run(take_payments(url, database, folder))
    except NotSo as error:
        click.echo(f"\nNOT SO: {error}")
        click.echo(f"The logs are in {folder}.")
        return 1
    if keep:
        click.echo(f"\nEverything is kept in {folder}.")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    click.echo(f"\nDone: {taken} payments were taken, and everything that should be true of them is true.")
    return 0


@contextlib.contextmanager
def running_system(folder: Path) -> Iterator[tuple[str, str]]:
    """Postgres, the sandbox, the service and a worker as real processes on free ports; the service's URL and the database's."""
    began = time.perf_counter()
    service_port, sandbox_port = free_port(), free_port()
    url = f"http://127.0.0.1:{service_port}"
    database, stop_postgres = embedded.start(folder / ".local" / "postgres")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "AUTH_", "RESEND_"))
    }
    environment |= {
        "APP_ENV": "local",
        "APP_URL": url,
        "DATABASE_URL": database,
        "STRIPE_API_BASE": f"http://127.0.0.1:{sandbox_port}",
    }
    processes: list[subprocess.Popen[bytes]] = []
    try:
        asyncio.run(migrate_database(database))
        for command in (["sandbox", "--port", str(sandbox_port)], ["serve", "--port", str(service_port)], ["worker"]):
            log = (folder / f"{command[0]}.log").open("wb")
            arguments = [sys.executable, "-m", "entrypoints.cli", *command]
            processes.append(
                subprocess.Popen(arguments, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)  # noqa: S603 # our own commands
            )
        wait_for(f"{url}/health/ready", processes[1])
        wait_for(f"http://127.0.0.1:{sandbox_port}/_control/health", processes[0])
        click.echo(
            f"Postgres, the Stripe sandbox, the service and its worker run after {time.perf_counter() - began:.1f} s."
        )
        yield url, database
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)
        stop_postgres()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a server answers 200."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            raise NotSo(f"the process that should answer at {url} ended with code {process.returncode}")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        time.sleep(0.05)
    raise NotSo(f"{url} does not answer after {PATIENCE_SECONDS:.0f} s")


async def take_payments(url: str, database: str, folder: Path) -> int:
    """One payment for each user type."""
    connection = await asyncpg.connect(database)
    try:
        async with httpx.AsyncClient(timeout=20) as client:
            for user_type, name, locale in MEMBERS:
                await Purchase(client, connection, url, folder, user_type, name, locale).take()
    finally:
        await connection.close()
    return len(MEMBERS)


class Purchase:
    """One member's way from the price to the receipt."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        connection: "asyncpg.Connection[asyncpg.Record]",
        url: str,
        folder: Path,
        user_type: str,
        name: str,
        locale: str,
    ) -> None:
        self._client = client
        self._connection = connection
        self._url = url
        self._folder = folder
        self._user_type = user_type
        self._user_id = f"demo-{user_type}"
        self._name = name
        self._locale = locale
        self._headers: dict[str, str] = {}

    async def take(self) -> None:
        """Take the payment and look at everything that must be true afterwards."""
        click.echo(f"\n{self._name}, a {self._user_type}")
        self._headers = {"Authorization": f"Bearer {await asyncio.to_thread(self._token)}"}
        checkout = await self._start()
        await self._pay(checkout)
        payment = await self._eventually("the payment has SUCCEEDED and its receipt a number", self._paid(checkout))
        self._say(
            "payment", f"{payment['status']} {payment['amount']} {payment['currency']}, {payment['payment_intent_id']}"
        )
        self._say("receipt number", payment["invoice"]["number"])
        await self._look_at_subscription()
        await self._look_at_rows(checkout["payment_id"])
        await self._look_at_mail(payment["invoice"]["number"])

    def _token(self) -> str:
        command = [sys.executable, "-m", "entrypoints.cli", "token", "--user-id", self._user_id, "--user-type"]
        command += [self._user_type, "--name", self._name, "--locale", self._locale]
        command += ["--email", f"{self._user_id}@example.org"]
        made = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)  # noqa: S603 # our own command
        if made.returncode != 0:
            raise NotSo(f"`payments token` answers a token: {made.stderr.strip()}")
        return made.stdout.strip()

    async def _start(self) -> dict[str, Any]:  # Any: JSON
        answer = await self._client.post(f"{self._url}/api/v1/checkouts", json={}, headers=self._headers)
        if answer.status_code != httpx.codes.CREATED:
            raise NotSo(f"a new checkout is answered with 201: {answer.status_code} {answer.text}")
        checkout: dict[str, Any] = answer.json()
        self._say("checkout", f"{checkout['status']} {checkout['amount']} {checkout['currency']}, {checkout['plan']}")
        again = await self._client.post(f"{self._url}/api/v1/checkouts", json={}, headers=self._headers)
        if again.status_code != httpx.codes.OK or again.json()["url"] != checkout["url"]:
            raise NotSo(f"a second start gives back the open checkout: {again.status_code} {again.text}")
        return checkout

    async def _pay(self, checkout: dict[str, Any]) -> None:  # Any: JSON
        page = await self._client.get(checkout["url"])
        form = FirstForm()
        form.feed(page.text)
        target = str(httpx.URL(checkout["url"]).join(form.action or checkout["url"]))
        paid = await self._client.post(target, data={"action": "pay", "card_number": TEST_CARD})
        if paid.status_code != httpx.codes.SEE_OTHER:
            raise NotSo(f"paying on the hosted page leads back to the service: {paid.status_code}")
        self._say("hosted page", f"paid with {TEST_CARD}, sent on to {httpx.URL(paid.headers['location']).path}")

    def _paid(self, checkout: dict[str, Any]) -> Callable[[], Awaitable[dict[str, Any] | None]]:  # Any: JSON
        async def look() -> dict[str, Any] | None:
            answer = await self._client.get(
                f"{self._url}/api/v1/payments/{checkout['payment_id']}", headers=self._headers
            )
            payment: dict[str, Any] = answer.json()
            numbered = answer.is_success and payment["invoice"] is not None and payment["invoice"]["number"] is not None
            return payment if numbered and payment["status"] == "SUCCEEDED" else None

        return look

    async def _look_at_subscription(self) -> None:
        answer = await self._client.get(f"{self._url}/api/v1/subscription", headers=self._headers)
        subscription = answer.json()
        if subscription["status"] != "ACTIVE" or subscription["access"] is not True:
            raise NotSo(f"the subscription is ACTIVE: {answer.text}")
        self._say("subscription", f"ACTIVE until {subscription['paid_until']}")
        refused = await self._client.post(f"{self._url}/api/v1/checkouts", json={}, headers=self._headers)
        if refused.status_code != httpx.codes.CONFLICT or refused.json()["code"] != "already_subscribed":
            raise NotSo(f"paying again is refused: {refused.status_code} {refused.text}")

    async def _look_at_rows(self, payment_id: str) -> None:
        row = await self._connection.fetchrow(
            """
            SELECT status, (SELECT count(*) FROM payments WHERE user_id = p.user_id) AS payments,
                   (SELECT count(*) FROM periods WHERE payment_id = p.id) AS periods,
                   (SELECT string_agg(coalesce(from_status, '-') || '>' || to_status, ' ' ORDER BY id)
                      FROM audit WHERE entity_id = p.id::text) AS moves
              FROM payments p WHERE id = $1::text::uuid
            """,
            payment_id,
        )
        if row is None or (row["status"], row["payments"], row["periods"]) != ("SUCCEEDED", 1, 1):
            raise NotSo(f"the database holds one SUCCEEDED payment with one period: {row}")
        self._say("database", f"1 payment, 1 period, audit {row['moves']}")

    async def _look_at_mail(self, number: str) -> None:
        async def look() -> Any:  # Any: a mail of the outbox
            mails = await asyncio.to_thread(read_outbox, self._folder / ".local" / "outbox")
            own = [mail for mail in mails if self._user_id in mail.to]
            return own or None

        mails = await self._eventually("the confirmation is in the outbox", look)
        if len(mails) != 1 or number not in mails[0].text:
            raise NotSo(f"there is exactly one mail and it names {number}: {len(mails)} mails")
        self._say("e-mail", f"to {mails[0].to}: {mails[0].subject}")

    async def _eventually(self, what: str, look: Callable[[], Awaitable[Found | None]]) -> Found:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up_at:
            found = await look()
            if found is not None:
                return found
            await asyncio.sleep(0.05)
        raise NotSo(f"{what}, within {PATIENCE_SECONDS:.0f} s")

    def _say(self, what: str, value: object) -> None:
        click.echo(f"  {what:<15} {value}")


class FirstForm(HTMLParser):
    """Finds where the first form of a page is sent."""

    action: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        if tag == "form" and self.action is None:
            self.action = dict(attrs).get("action")
