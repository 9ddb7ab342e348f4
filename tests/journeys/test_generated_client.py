"""A Python client that was generated from the description of the API asks the running service.

About 4 seconds, of which generating takes 2.
"""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from uuid import UUID, uuid4

import pytest

from domain.member import UserType
from entrypoints.http.identity import READ_SUBSCRIPTIONS
from entrypoints.http.tokens import sign_token
from journeys.shopper import LIFETIME, Shopper
from journeys.system import System

PACKAGE = "payments_client"
CONFIGURATION = "post_hooks: []\n"
"""Nobody reads what is generated here, so that it need not be formatted."""


@pytest.fixture(scope="module")
def generated(shared_system: System, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text that the generator prints. The package that it makes can be imported afterwards."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "configuration.yml").write_text(CONFIGURATION)
    source = ["--url", f"{shared_system.url}/schema/openapi.json", "--config", "configuration.yml"]
    target = ["--meta", "none", "--output-path", PACKAGE, "--fail-on-warning"]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("openapi-python-client")), "generate", *source, *target],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr

    sys.path.insert(0, str(folder))
    return done.stdout


@pytest.fixture
def models(generated: str) -> ModuleType:
    """The generated classes of bodies."""
    return import_module(f"{PACKAGE}.models")


@pytest.fixture
def api(generated: str) -> "Operations":
    """The generated operations."""
    return Operations()


class Operations:
    """The operations of the generated package: one module each, by tag and name."""

    def __call__(self, tag: str, operation: str) -> ModuleType:
        return import_module(f"{PACKAGE}.api.{tag}.{operation}")

    def client(self, system: System, token: str) -> object:
        """A client of the service with this token."""
        return import_module(PACKAGE).AuthenticatedClient(base_url=system.url, token=token)


def test_a_client_can_be_made_of_the_description_without_a_warning(generated: str) -> None:
    assert "Generating" in generated
    assert "warning" not in generated.lower()


def test_a_generated_client_starts_a_checkout_and_reads_its_payment(
    system: System, api: Operations, models: ModuleType
) -> None:
    client = api.client(system, Shopper(system).token)
    key = str(uuid4())
    start = api("checkouts", "start_checkout")
    first = start.sync_detailed(client=client, body=models.StartBody(), idempotency_key=key)
    again = start.sync_detailed(client=client, body=models.StartBody(), idempotency_key=key)
    checkout = first.parsed
    payment = api("payments", "get_payment").sync(checkout.payment_id, client=client)

    assert (201, "true") == (first.status_code, again.headers["idempotent-replayed"])
    assert again.parsed == checkout
    assert isinstance(checkout, models.CheckoutBody)
    assert isinstance(checkout.payment_id, UUID)
    assert timedelta(minutes=30) < checkout.expires_at - datetime.now(UTC)
    assert isinstance(payment, models.PaymentBody)
    assert (checkout.payment_id, models.PaymentStatus.PENDING) == (payment.id, payment.status)
    assert (30000, "mad", None, None) == (payment.amount, payment.currency, payment.paid_at, payment.invoice)


def test_a_generated_client_reads_payments_page_by_page_and_by_time(
    system: System, api: Operations, models: ModuleType
) -> None:
    shopper = Shopper(system)
    given_up = shopper.checkout()
    shopper.bank_decides(given_up, "expire")
    shopper.payment_that_is(given_up, "EXPIRED")
    paid = shopper.buys()
    shopper.receipt_number(paid)

    client, listing = api.client(system, shopper.token), api("payments", "list_payments")
    newest = listing.sync(client=client, limit=1)
    older = listing.sync(client=client, limit=1, starting_after=newest.data[0].id)
    since = listing.sync(client=client, createdgte=newest.data[0].created_at)
    expired = listing.sync(client=client, status=models.PaymentStatus.EXPIRED)

    assert [paid["payment_id"]] == [str(payment.id) for payment in newest.data]
    assert [given_up["payment_id"]] == [str(payment.id) for payment in older.data]
    assert (True, False) == (newest.has_more, older.has_more)
    assert newest.data == since.data
    assert older.data == expired.data
    assert newest.data[0].paid_at < datetime.now(UTC) > older.data[0].created_at
    assert shopper.receipt_number(paid) == newest.data[0].invoice.number


def test_a_generated_client_of_the_platform_asks_who_has_access(
    system: System, api: Operations, models: ModuleType
) -> None:
    shopper = Shopper(system, UserType.PROFESSIONAL)
    shopper.payment_that_is(shopper.buys(), "SUCCEEDED")
    token = sign_token(system.secrets.jwt_secret, shopper.member, scope=READ_SUBSCRIPTIONS, lifetime=LIFETIME)
    client = api.client(system, token)
    check = api("subscriptions", "get_user_subscription")
    first = check.sync_detailed(shopper.user_id, client=client)
    same = check.sync_detailed(shopper.user_id, client=client, if_none_match=first.headers["etag"])
    many = api("subscriptions", "list_subscriptions").sync(client=client, user_id=[shopper.user_id, "a-stranger"])

    assert isinstance(first.parsed, models.SubscriptionBody)
    assert (True, models.UserType.PROFESSIONAL) == (first.parsed.access, first.parsed.user_type)
    assert timedelta(days=364) < first.parsed.current_period_end - datetime.now(UTC)
    assert (304, None) == (same.status_code, same.parsed)
    assert [(shopper.user_id, True), ("a-stranger", False)] == [(one.user_id, one.access) for one in many.data]


def test_a_generated_client_understands_what_is_refused(system: System, api: Operations, models: ModuleType) -> None:
    start, client = api("checkouts", "start_checkout"), api.client(system, Shopper(system).token)
    wrong = start.sync_detailed(client=client, body=models.StartBody(plan="x" * 65))
    stranger = start.sync(client=api.client(system, "no-token"), body=models.StartBody())
    lost = api("payments", "get_payment").sync(uuid4(), client=client)

    assert isinstance(wrong.parsed, models.ProblemBody)
    assert (400, "invalid_request", 400) == (wrong.status_code, wrong.parsed.code, wrong.parsed.status)
    assert ["/plan"] == [fault.pointer for fault in wrong.parsed.errors]
    assert wrong.headers["request-id"] == wrong.parsed.request_id
    assert f"{system.url}/errors/invalid_request" == wrong.parsed.type_
    assert ("unauthenticated", "not_found") == (stranger.code, lost.code)
