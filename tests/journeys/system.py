"""The whole system as real processes over one database of its own: the sandbox, the service and its worker."""

import asyncio
import time
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from adapters.email.folder import read_outbox
from application.ports.mail import OutboxMail
from canaries import plant
from entrypoints.cli.demo import free_port
from entrypoints.cli.environment import migrate_database
from entrypoints.local_secrets import LocalSecrets, local_secrets
from entrypoints.sandbox.events import signature_header
from journeys.parts import Part, clean_environment, eventually

Json = dict[str, Any]  # Any: JSON documents, read by key
_numbers = count(1)

BEGUN: Final = "SELECT FROM jobs WHERE state = 'leased' OR (state = 'ready' AND attempts = 0 AND run_at <= now())"
"""Jobs that a worker does at once; what failed before, and what is due later, are left."""


class System:
    """Where everything runs, and what only an operator sees of it."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self.folder = folder
        self.database_url = database_url
        service_port, sandbox_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{service_port}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        self.environment = clean_environment(
            APP_ENV="local",
            APP_URL=self.url,
            DATABASE_URL=database_url,
            STRIPE_API_BASE=self.sandbox_url,
            **settings,
        )
        self.sandbox = self._part(
            "sandbox", ["--port", str(sandbox_port)], ready_url=f"{self.sandbox_url}/_control/health"
        )
        self.service = self._part("serve", ["--port", str(service_port)], ready_url=f"{self.url}/health/ready")
        self.worker = self.another_worker()
        # Tests stop and kill what answers here: a connection that was kept may lead to a process that is gone.
        self.web = httpx.Client(timeout=20, limits=httpx.Limits(max_keepalive_connections=0))

    def _part(
        self, command: str, options: list[str], *, ready_url: str = "", ready_word: str = "", **settings: str
    ) -> Part:
        name = f"{command}-{next(_numbers)}"
        environment = self.environment | settings
        return Part(name, [command, *options], self.folder, environment, ready_url=ready_url, ready_word=ready_word)

    def another_worker(self, *options: str, **settings: str) -> Part:
        """A worker that does not run yet."""
        return self._part("worker", [*options], ready_word="worker started", **settings)

    def another_service(self, *options: str, **settings: str) -> Part:
        """A second service on a port of its own, which does not run yet."""
        port = free_port()
        url = f"http://127.0.0.1:{port}/health/ready"
        return self._part("serve", ["--port", str(port), *options], ready_url=url, **settings)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The three processes."""
        return (self.sandbox, self.service, self.worker)

    @property
    def secrets(self) -> LocalSecrets:
        """The secrets that the processes have made for themselves."""
        secrets = local_secrets(self.folder / ".local")
        plant(secrets.jwt_secret)
        return secrets

    def start(self) -> None:
        """Bring the database to the newest schema and start all three."""
        asyncio.run(migrate_database(self.database_url))
        self.tidy()

    def tidy(self) -> None:
        """As a test expects it: everything runs, nothing is out of order at Stripe, and no work of the test before is left over."""
        missing = [part for part in self.parts if not part.runs]
        for part in missing:
            part.launch()
        for part in missing:
            part.wait_until_ready()
        self.sandbox_told("DELETE", "faults")
        self.sandbox_told("POST", "deliveries/resume")
        eventually("what was begun is done", lambda: not self.rows(BEGUN))

    def stop(self) -> None:
        """Stop what runs."""
        self.web.close()
        running = [part for part in self.parts if part.runs]
        for part in running:
            part.stop()

    def sandbox_told(self, method: str, path: str, told: object = None) -> Json:
        """What the sandbox's control API answers."""
        answer = self.web.request(method, f"{self.sandbox_url}/_control/{path}", json=told)
        assert answer.is_success, answer.text

        body: Json = answer.json()
        return body

    def spoil_next_call(self, kind: str, path: str, **how: object) -> None:
        """Let something happen to the next call of Stripe's API with this path."""
        self.sandbox_told("POST", "faults/api", {"kind": kind, "path": path, **how})

    def spoil_next_event(self, kind: str, type: str = "checkout.session.completed", **how: object) -> None:
        """Let something happen to the delivery of the next event of this type."""
        self.sandbox_told("POST", "faults/deliveries", {"kind": kind, "type": type, **how})

    def stripe_has_seen(self, path: str, times: int = 1, before: Future[httpx.Response] | None = None) -> None:
        """Wait until Stripe's API has had so many calls with this path, the first of them `before` an answer."""

        def look() -> bool:
            if len(self.sandbox_told("GET", f"requests?path={path}")["data"]) >= times:
                return True
            if before is not None and before.done():
                answer = before.result()
                assert answer is None, f"answered {answer.status_code} without a call of {path}: {answer.text}"
            return False

        eventually(f"Stripe sees {path}", look)

    def event_of(self, session_id: str, type: str = "checkout.session.completed") -> Json:
        """The event of this type about a session."""
        events = self.sandbox_told("GET", f"events?type={type}")["data"]
        found: Json = next(event for event in events if event["data"]["object"]["id"] == session_id)
        return found

    def deliveries_of(self, event: Json) -> list[Json]:
        """How an event was delivered, once nothing of it is on its way any more."""

        def look() -> list[Json] | None:
            found: list[Json] = self.sandbox_told("GET", f"deliveries?event={event['id']}")["data"]
            return found if found and all(one["state"] not in ("waiting", "held") for one in found) else None

        return eventually(f"{event['id']} has arrived", look) or []

    def deliver(self, body: bytes, secret: str | None = None) -> httpx.Response:
        """Bring an event to the webhook door in place of Stripe."""
        signature = signature_header(body, int(time.time()), [secret or self.secrets.stripe_webhook_secret])
        return self.web.post(f"{self.url}/api/webhooks/stripe", content=body, headers={"Stripe-Signature": signature})

    def mails(self, user_id: str) -> list[OutboxMail]:
        """The mails to one member."""
        return [mail for mail in read_outbox(self.folder / ".local" / "outbox") if f"{user_id}@" in mail.to]

    def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        """What the database holds."""

        async def fetched() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.database_url)
            rows = await connection.fetch(query, *values)
            await connection.close()
            return list(rows)

        return asyncio.run(fetched())

    def logs(self, begin: dict[Path, int] | None = None) -> str:
        """All logs, or what was added to them since they had these lengths."""
        texts = []
        for path in sorted(self.folder.glob("*.log")):
            with path.open("rb") as file:
                file.seek((begin or {}).get(path, 0))
                texts.append(f"--- {path.name}\n{file.read().decode(errors='replace')}")
        return "\n".join(texts)
