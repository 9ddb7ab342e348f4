"""Calls to Stripe through its official SDK: asynchronous, pinned to one API version, with deadlines, and imported when first needed."""

import asyncio
import importlib
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from adapters.stripe.sessions import Session
from application.errors import ProviderRefused, ProviderUnavailable
from application.ports.gateway import (
    CheckoutOrder,
    CheckoutSession,
    InvoiceDocuments,
    PreparedRequest,
    SessionStatus,
)
from domain.member import Locale, Member, UserId
from domain.payment import PaymentId

if TYPE_CHECKING:
    from stripe import StripeClient, StripeObject
    from stripe.params import CustomerCreateParams
    from stripe.params.checkout import SessionCreateParams

log = logging.getLogger(__name__)

API_VERSION: Final = "2026-10-28.endive"
TRY_SECONDS_MAX: Final = 6.0
CALL_SECONDS_MAX: Final = 10.0
NETWORK_RETRIES: Final = 2
CONNECTIONS_MAX: Final = 20
PAGE_MAX: Final = 100

LOCALES: Final = {Locale.FRENCH: "fr", Locale.ENGLISH: "en", Locale.ARABIC: "auto"}
"""Stripe's hosted page has no Arabic: it then follows the browser."""


class StripeGateway:
    """The port PaymentGateway over Stripe's API.

    api_base: another base URL than Stripe's own, for the sandbox.
    """

    def __init__(self, *, secret_key: str, api_base: str | None, app_url: str) -> None:
        self._secret_key = secret_key
        self._api_base = api_base
        self._app_url = app_url
        self._client: StripeClient | None = None
        self._opening = asyncio.Lock()
        self._closing = AsyncExitStack()

    async def close(self) -> None:
        """Close the connections to Stripe."""
        await self._closing.aclose()
        self._client = None

    async def warm_up(self) -> None:
        """Import the SDK and make its client before the first member needs it. It costs about a second of CPU."""
        await self._opened()

    def prepare_customer(self, member: Member) -> PreparedRequest:
        params: CustomerCreateParams = {
            "email": member.email,
            "name": member.name[:256],
            "metadata": {"user_id": member.user_id, "user_type": member.user_type.value},
        }
        return PreparedRequest(json.dumps(params))

    async def create_customer(self, request: PreparedRequest, *, key: str) -> str:
        params = cast("CustomerCreateParams", json.loads(request))
        made = await self._call(
            lambda client: client.v1.customers.create_async(params, options={"idempotency_key": key})
        )
        return str(made["id"])

    async def find_customer(self, user_id: UserId, email: str) -> str | None:
        found = await self._call(lambda client: client.v1.customers.list_async({"email": email, "limit": PAGE_MAX}))
        for customer in found["data"]:
            if (customer.get("metadata") or {}).get("user_id") == user_id:
                return str(customer["id"])
        return None

    def prepare_checkout(self, order: CheckoutOrder) -> PreparedRequest:
        metadata = {"payment_id": str(order.payment_id), "user_id": str(order.user_id), "plan": str(order.plan)}
        params: SessionCreateParams = {
            "mode": "payment",
            "customer": order.customer_id,
            "client_reference_id": str(order.payment_id),
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": order.amount.currency,
                        "unit_amount": order.amount.amount_minor,
                        "product_data": {"name": order.plan_name},
                    },
                }
            ],
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
            "invoice_creation": {"enabled": True, "invoice_data": {"metadata": metadata}},
            "adaptive_pricing": {"enabled": False},
            "expires_at": int(order.expires_at.timestamp()),
            "locale": LOCALES[order.locale],
            "success_url": f"{self._app_url}/payment/success?session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self._app_url}/payment/cancel?payment_id={order.payment_id}",
        }
        return PreparedRequest(json.dumps(params))

    async def open_checkout(self, request: PreparedRequest, *, key: str) -> CheckoutSession:
        params = cast("SessionCreateParams", json.loads(request))
        return understood(
            await self._call(
                lambda client: client.v1.checkout.sessions.create_async(params, options={"idempotency_key": key})
            )
        )

    async def checkout(self, session_id: str) -> CheckoutSession | None:
        try:
            found = await self._call(
                lambda client: client.v1.checkout.sessions.retrieve_async(
                    session_id, {"expand": ["payment_intent.latest_charge"]}
                )
            )
        except ProviderRefused as refusal:
            if refusal.code == "resource_missing":
                return None
            raise
        return understood(found)

    async def find_checkout(self, payment_id: PaymentId, customer_id: str) -> CheckoutSession | None:
        found = await self._call(
            lambda client: client.v1.checkout.sessions.list_async({"customer": customer_id, "limit": PAGE_MAX})
        )
        sessions = (understood(session) for session in found["data"] if session["mode"] == "payment")
        return next((session for session in sessions if session.payment_id == payment_id), None)

    async def expire_checkout(self, session_id: str) -> CheckoutSession | None:
        try:
            return understood(await self._call(lambda client: client.v1.checkout.sessions.expire_async(session_id)))
        except ProviderRefused:
            # Not open any more, or unknown. The session itself tells which; the words of the refusal have changed before.
            session = await self.checkout(session_id)
            if session is not None and session.status is SessionStatus.OPEN:
                raise
            return session

    async def invoice(self, invoice_id: str) -> InvoiceDocuments:
        found = await self._call(lambda client: client.v1.invoices.retrieve_async(invoice_id))
        return InvoiceDocuments(hosted_url=found.get("hosted_invoice_url"), pdf_url=found.get("invoice_pdf"))

    async def _call(self, call: "Callable[[StripeClient], Awaitable[StripeObject]]") -> dict[str, Any]:
        """Make one call within its deadline and return the answer's JSON. Any: whatever JSON Stripe answers."""
        client = await self._opened()
        from adapters.stripe.faults import RAISED, translated

        try:
            async with asyncio.timeout(CALL_SECONDS_MAX):
                answer = await call(client)
        except RAISED as error:
            raise translated(error) from error
        if answer.last_response is not None:
            log.info("Stripe answered request %s", answer.last_response.request_id)
        return answer.to_dict(for_json=True)

    async def _opened(self) -> "StripeClient":
        async with self._opening:
            if self._client is None:
                # Both take long to import: in a thread, so that the process goes on answering meanwhile.
                await asyncio.to_thread(importlib.import_module, "adapters.stripe.faults")
                import aiohttp
                import stripe

                stripe.enable_telemetry = False
                connector = aiohttp.TCPConnector(limit=CONNECTIONS_MAX)
                session = await self._closing.enter_async_context(aiohttp.ClientSession(connector=connector))
                self._client = stripe.StripeClient(
                    self._secret_key,
                    stripe_version=API_VERSION,
                    base_addresses={"api": self._api_base} if self._api_base else {},
                    max_network_retries=NETWORK_RETRIES,
                    http_client=stripe.AIOHTTPClient(
                        session=session, timeout=aiohttp.ClientTimeout(total=TRY_SECONDS_MAX)
                    ),
                )
        return self._client


def understood(answer: dict[str, Any]) -> CheckoutSession:  # Any: JSON
    """A session that Stripe answered, in the application's words. Raises ProviderUnavailable when it cannot be read."""
    try:
        return msgspec.convert(answer, Session).understood()
    except (msgspec.ValidationError, ValueError) as error:
        raise ProviderUnavailable("Stripe answered something that is no Checkout Session") from error


def open_gateway(closing: AsyncExitStack, *, secret_key: str, api_base: str | None, app_url: str) -> StripeGateway:
    """A gateway that is closed with everything else."""
    gateway = StripeGateway(secret_key=secret_key, api_base=api_base, app_url=app_url)
    closing.push_async_callback(gateway.close)
    return gateway
