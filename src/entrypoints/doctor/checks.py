"""The checks of what lies around the service. None changes anything, here or elsewhere, and none shows a secret."""

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from adapters.email.resend import RESEND_API
from adapters.postgres import schema
from adapters.postgres.database import POSTGRES_MAJOR_MIN, normal_url, shown_url
from adapters.postgres.rights import MISSING
from adapters.stripe.events import CHARGE_REFUNDED, DISPUTES, OLD_REFUND_UPDATED, OURS, REFUNDS
from adapters.stripe.signature import signed_header
from entrypoints.doctor.findings import Finding, fault, ok, warning
from entrypoints.settings import Settings

if TYPE_CHECKING:
    import httpx

SKEW_SECONDS_NOTED: Final = 2.0
SKEW_SECONDS_MAX: Final = 30.0
"""Tokens are judged with this leeway, and Stripe's signatures with 300 seconds."""

STRIPE_API: Final = "https://api.stripe.com"
WEBHOOK_PATH: Final = "/api/webhooks/stripe"
NEEDED_EVENTS: Final = OURS | REFUNDS - {OLD_REFUND_UPDATED} | DISPUTES | {CHARGE_REFUNDED}
WAITING: Final = """
    SELECT (SELECT count(*) FROM events WHERE state = 'parked') AS parked,
           (SELECT count(*) FROM jobs WHERE state = 'dead') AS dead,
           (SELECT extract(epoch FROM now() - min(run_at))::float8 FROM jobs WHERE state = 'ready') AS late
"""
LATE_SECONDS_MAX: Final = 300.0
SESSION_SECONDS_MAX: Final = 2.0


def skew(name: str, theirs: datetime, earliest: datetime, latest: datetime) -> Finding:
    """How far our clock lies from another one, which was read between two instants of ours."""
    seconds = max((earliest - theirs).total_seconds(), (theirs - latest).total_seconds(), 0.0)
    says = f"{seconds:.1f} seconds from ours" if seconds else "as ours"
    if seconds > SKEW_SECONDS_MAX:
        return fault(name, says, "Let this machine keep its time by NTP: tokens and signatures are judged by it.")
    if seconds > SKEW_SECONDS_NOTED:
        return warning(name, says, "Let this machine keep its time by NTP.")
    return ok(name, says)


class Checks:
    """Each looks at one thing. `settings` are complete: the database is named."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def database(self) -> Sequence[Finding]:
        """Reachable, new enough, migrated, durable, with a clock like ours; and nothing in it that waits for an operator."""
        import asyncpg

        url = self._settings.database_url or ""
        try:
            connection = await asyncpg.connect(normal_url(url), timeout=5)
        except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            says = f"{shown_url(url)} cannot be reached ({type(error).__name__})"
            return [fault("database", says, "Start that server, or correct DATABASE_URL.")]
        try:
            return await self._within(connection)
        finally:
            await connection.close()

    async def _within(self, connection: Any) -> list[Finding]:  # Any: asyncpg has no types at run time
        import asyncpg

        major = connection.get_server_version().major
        asked_at = datetime.now(UTC)
        now = await connection.fetchval("SELECT clock_timestamp()")
        told_at = datetime.now(UTC)
        milliseconds = (told_at - asked_at).total_seconds() * 1000
        says = f"Postgres {major} at {shown_url(self._settings.database_url or '')}, {milliseconds:.1f} ms away"
        found = [
            ok("database", says)
            if major >= POSTGRES_MAJOR_MIN
            else fault("database", says, f"Postgres {POSTGRES_MAJOR_MIN} or later is needed.")
        ]
        off = [name for name in ("fsync", "synchronous_commit") if await connection.fetchval(f"SHOW {name}") == "off"]
        if off:
            says = f"{' and '.join(off)} is off"
            mend = "Switch it on: what was answered must outlast a crash."
            found.append((fault if self._settings.production else warning)("durability", says, mend))
        else:
            found.append(ok("durability", "what is committed is on disk"))
        found.append(skew("clock of the database", now, asked_at, told_at))
        revision = await schema.revision(self._settings.database_url or "")
        if revision is None or revision < schema.newest():
            says = f"at revision {revision or 'none'}, this version needs {schema.newest()}"
            return [*found, fault("migrations", says, "Run `payments migrate`.")]
        found.append(ok("migrations", f"at revision {revision}"))
        missing = await connection.fetchval(f"SELECT {MISSING}")  # made of our own statements alone
        if missing:
            return [*found, fault("rights", f"the role lacks {', '.join(missing)}", "Grant them to it.")]
        found.append(ok("rights", "the role may do all that is needed"))
        other = await asyncpg.connect(normal_url(self._settings.database_url or ""), timeout=5)
        try:
            found.append(await session(connection, other))
        finally:
            await other.close()
        return [*found, *work(await connection.fetchrow(WAITING))]

    async def stripe(self) -> Sequence[Finding]:
        """The key is valid, its mode is the right one, and Stripe's clock is like ours."""
        mode = "live mode" if self._settings.live else "test mode"
        if self._settings.uses_sandbox:
            mode = "the local sandbox: no money moves"
        asked_at = datetime.now(UTC)
        answer = await self._ask_stripe("/v1/checkout/sessions?limit=1")
        if isinstance(answer, Finding):
            return [answer]
        if answer.status_code == 401:
            return [fault("Stripe", "the key is not valid", "Correct STRIPE_SECRET_KEY: Stripe's dashboard has it.")]
        if answer.status_code == 403:
            mend = "Let the restricted key write Checkout Sessions, Customers and Refunds, and read Events, Disputes and Charges."
            return [fault("Stripe", "the key may not read Checkout Sessions", mend)]
        if answer.status_code != 200:
            return [fault("Stripe", f"answers {answer.status_code}", "Look at status.stripe.com.")]
        found = [ok("Stripe", f"the key is valid, {mode}")]
        if "date" in answer.headers:
            # The header has whole seconds.
            theirs, earliest = parsedate_to_datetime(answer.headers["date"]), asked_at - timedelta(seconds=1)
            found.append(skew("clock of Stripe", theirs, earliest, datetime.now(UTC)))
        return found

    async def endpoint(self) -> Sequence[Finding]:
        """Stripe delivers to us: the endpoint is there, enabled, and told of everything that we need."""
        name = "webhook endpoint"
        url = f"{self._settings.app_url}{WEBHOOK_PATH}"
        if self._settings.uses_sandbox:
            return [ok(name, "the sandbox delivers by itself")]
        answer = await self._ask_stripe("/v1/webhook_endpoints?limit=100")
        if isinstance(answer, Finding):
            return []  # said once already
        if answer.status_code != 200:
            mend = "Let the key read Webhook Endpoints, or look at them in Stripe's dashboard."
            return [warning(name, f"cannot be looked at: Stripe answers {answer.status_code}", mend)]
        ours = [one for one in answer.json().get("data", []) if one.get("url") == url]
        if not ours:
            return [fault(name, f"Stripe knows none at {url}", "Add it in Stripe's dashboard, or correct APP_URL.")]
        return [judged(one, name) for one in ours]

    async def door(self) -> Sequence[Finding]:
        """Our own door answers at its public address, and takes each secret that is configured here. A signed body that is no event
        leaves no trace there."""
        name = "webhook door"
        url = f"{self._settings.app_url}{WEBHOOK_PATH}"
        refused = []
        for number, secret in enumerate(self._settings.stripe_webhook_secrets, 1):
            header = signed_header(b"{}", int(time.time()), secret)
            answer = await self._asked(
                "POST", url, {"stripe-signature": header, "content-type": "application/json"}, b"{}"
            )
            if answer is None:
                says, mend = (
                    f"nothing answers at {url}",
                    "Start `payments serve`, or correct APP_URL and what stands before it.",
                )
                return [(fault if self._settings.production else warning)(name, says, mend)]
            code = answer.json().get("code") if "json" in answer.headers.get("content-type", "") else None
            if code == "signature_invalid":
                refused.append(str(number))
            elif code != "invalid_request":
                says = f"{url} answers {answer.status_code}, which is no answer of ours"
                return [fault(name, says, "Let the way to us leave bodies and headers as they are.")]
        if refused:
            says = f"the running service does not take secret {', '.join(refused)} of STRIPE_WEBHOOK_SECRET"
            return [fault(name, says, "Start the service anew with the same secrets as here, and look at its clock.")]
        return [ok(name, f"answers at {url} and takes every secret")]

    async def mail(self) -> Sequence[Finding]:
        """Mails can go out: the folder can be written, or Resend takes the key and knows the sender's domain."""
        folder = self._settings.local_folder / "outbox"
        key = self._settings.resend_api_key
        if key is None:
            there = next(path for path in (folder, *folder.parents) if path.exists())
            if not os.access(there, os.W_OK):
                return [
                    fault("mail", f"{there} cannot be written", "Let this user write there, or set RESEND_API_KEY.")
                ]
            return [ok("mail", f"mails are kept in {folder}")]
        base = (self._settings.resend_api_base or RESEND_API).rstrip("/")
        answer = await self._asked("GET", f"{base}/domains", {"authorization": f"Bearer {key}"})
        if answer is None:
            return [
                fault("mail", "Resend does not answer", "Look at resend-status.com and at the way out of this network.")
            ]
        if answer.status_code in (401, 403) and "restricted" in answer.text:
            return [ok("mail", "the key may send and nothing else, so the sender's domain cannot be looked at")]
        if answer.status_code != 200:
            return [fault("mail", f"Resend answers {answer.status_code}", "Correct RESEND_API_KEY.")]
        domain = self._settings.email_from.rpartition("@")[2].strip(" >")
        verified = {one.get("name") for one in answer.json().get("data", []) if one.get("status") == "verified"}
        if domain not in verified:
            return [fault("mail", f"Resend has not verified {domain}", "Verify it there, or correct EMAIL_FROM.")]
        return [ok("mail", f"Resend sends for {domain}")]

    async def tokens(self) -> Sequence[Finding]:
        """The platform publishes keys that fit, where they are to be fetched."""
        from entrypoints.http.published_keys import fetched, keys_in

        settings = self._settings.tokens
        if settings.jwks_url is None:
            return [ok("tokens", f"{settings.algorithm} with a key that is configured")]
        try:
            keys = keys_in(await fetched(settings.jwks_url), settings.algorithm)
        except (OSError, ValueError) as error:
            return [fault("tokens", f"{settings.jwks_url}: {error}", "Correct AUTH_JWKS_URL or AUTH_JWT_ALGORITHM.")]
        says = f"{settings.jwks_url} publishes {len(keys)} for {settings.algorithm}"
        return [published(says, settings.jwks_url, production=self._settings.production)]

    async def time_zone(self) -> Sequence[Finding]:
        """The zone in which years and receipts are counted, and how old its rules are."""
        here = datetime.now(self._settings.billing_timezone)
        return [ok("time zone", f"{self._settings.billing_timezone}, now UTC{here:%z} (tzdata {version('tzdata')})")]

    async def _ask_stripe(self, path: str) -> "httpx.Response | Finding":
        base = (self._settings.stripe_api_base or STRIPE_API).rstrip("/")
        answer = await self._asked(
            "GET", f"{base}{path}", {"authorization": f"Bearer {self._settings.stripe_secret_key}"}
        )
        mend = (
            "Start `payments run` or `payments sandbox`."
            if self._settings.uses_sandbox
            else "Look at status.stripe.com."
        )
        return answer if answer is not None else fault("Stripe", f"nothing answers at {base}", mend)

    async def _asked(
        self, method: str, url: str, headers: dict[str, str], body: bytes = b""
    ) -> "httpx.Response | None":
        """The answer, null for none."""
        import httpx

        async with httpx.AsyncClient(timeout=10, follow_redirects=False) as client:
            try:
                return await client.request(method, url, headers=headers, content=body)
            except httpx.HTTPError:
                return None


async def session(one: Any, other: Any) -> Finding:  # Any: connections of asyncpg
    """Whether a connection finds its prepared statements again while another one is inside a transaction: not so behind a pooler that
    lends one session of the server to several clients."""
    import asyncpg

    statement = await one.prepare("SELECT 1")
    await statement.fetchval()  # only then does a pooler lend the session to others
    await other.execute("BEGIN")
    try:
        await statement.fetchval(timeout=SESSION_SECONDS_MAX)
    except (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError, TimeoutError):
        mend = "Let the pooler lend whole sessions, or keep prepared statements (PgBouncer: max_prepared_statements)."
        return fault("sessions", "a pooler loses prepared statements", mend)
    finally:
        await other.execute("ROLLBACK")
    return ok("sessions", "each connection keeps its prepared statements")


def published(says: str, url: str, *, production: bool) -> Finding:
    """Keys that could be fetched. Without TLS, whoever is on the way could put keys of their own in their place."""
    if production and url.startswith("http://"):
        return warning("tokens", f"{says}, without TLS", "Let the platform publish its keys at an https address.")
    return ok("tokens", says)


def judged(endpoint: dict[str, Any], name: str) -> Finding:  # Any: JSON
    """What is to be said of one of Stripe's webhook endpoints that leads to us."""
    told = set(endpoint.get("enabled_events", []))
    missing = [] if "*" in told else sorted(NEEDED_EVENTS - told)
    if endpoint.get("status") != "enabled":
        return fault(name, "Stripe has disabled it", "Enable it in Stripe's dashboard, then run `payments reconcile`.")
    if missing:
        return warning(name, f"is not told of {', '.join(missing)}", "Add these events to it in Stripe's dashboard.")
    return ok(name, "enabled, and told of every event that counts")


def work(row: Any) -> list[Finding]:  # Any: a row of asyncpg
    """What waits in the database for somebody."""
    found = []
    if row["dead"]:
        found.append(warning("jobs", f"{row['dead']} have been given up", "Look at `payments jobs list`."))
    if row["parked"]:
        found.append(
            warning(
                "events", f"{row['parked']} could not be applied yet", "Look at `payments events list --state parked`."
            )
        )
    if (row["late"] or 0) > LATE_SECONDS_MAX:
        found.append(
            fault("worker", f"a job has waited for {row['late'] / 60:.0f} minutes", "Start `payments worker`.")
        )
    return found or [ok("work", "no job and no event waits for an operator")]
