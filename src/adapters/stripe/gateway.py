"""The payment provider: Stripe's hosted Checkout, its customers, invoices and refunds."""

import json
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from adapters.stripe.calls import (
    CALL_SECONDS_MAX,
    NETWORK_RETRIES,
    PAGE_MAX,
    TRY_SECONDS_MAX,
    UNREADABLE,
    Observer,
    StripeCalls,
    read,
    told,
    understood,
)
from adapters.stripe.returns import DisputeList, RefundList, StripeRefund
from adapters.stripe.sessions import (
    CHARGE,
    CHARGES_OF_LIST,
    CUSTOMER,
    INSTALLATION,
    LOCALES,
    CustomerList,
    Expanded,
    Invoice,
    Session,
    SessionList,
)
from application.errors import ProviderRefused, ProviderUnavailable
from application.ports.gateway import (
    CheckoutOrder,
    CheckoutSession,
    InvoiceDocuments,
    PreparedRequest,
    RefundOrder,
    SessionStatus,
)
from application.ports.installation import InstallationId
from domain.member import Member
from domain.payment import PaymentId
from domain.returns import Refund, Returns

if TYPE_CHECKING:
    from stripe.params import CustomerCreateParams, RefundCreateParams
    from stripe.params.checkout import SessionCreateParams

LOOK_SECONDS_MAX: Final = 5.0
"""A member waits for what is looked up; a page would rather say that it does not know yet."""

ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")
"""The look of every id of Stripe's. Ids stand in paths: one that looks different is unknown without asking."""


class StripeGateway(StripeCalls):
    """The port PaymentGateway over Stripe's API."""

    def __init__(
        self,
        *,
        secret_key: str,
        api_base: str | None,
        app_url: str,
        try_seconds_max: float = TRY_SECONDS_MAX,
        call_seconds_max: float = CALL_SECONDS_MAX,
        retries_max: int = NETWORK_RETRIES,
        observe: Observer | None = None,
    ) -> None:
        super().__init__(
            secret_key=secret_key,
            api_base=api_base,
            try_seconds_max=try_seconds_max,
            call_seconds_max=call_seconds_max,
            retries_max=retries_max,
            observe=observe,
        )
        self._app_url = app_url

    def prepare_customer(self, member: Member, installation: InstallationId | None = None) -> PreparedRequest:
        params: CustomerCreateParams = {
            "email": member.email,
            "name": member.name[:256],
            "metadata": {"user_id": member.user_id, "user_type": member.user_type.value}
            | of_installation(installation),
        }
        return PreparedRequest(json.dumps(params))

    async def create_customer(self, request: PreparedRequest, *, key: str) -> str:
        params = cast("CustomerCreateParams", json.loads(request))
        key = own_key(key, json.loads(request))
        made = await self.call(
            "customers.create",
            lambda client: client.v1.customers.create_async(params, options={"idempotency_key": key}),
        )
        return read(made, Expanded).id

    async def find_customer(self, request: PreparedRequest) -> str | None:
        # By the address of the request, not of today: the member may have changed theirs since.
        params = json.loads(request)
        email, metadata = params["email"], params["metadata"]
        found = await self.call(
            "customers.list", lambda client: client.v1.customers.list_async({"email": email, "limit": PAGE_MAX})
        )
        customers = read(found, CustomerList).data
        makers = (None, metadata.get(INSTALLATION))
        return next(
            (one.id for one in customers if one.user_id == metadata["user_id"] and one.installation in makers), None
        )

    def prepare_checkout(self, order: CheckoutOrder) -> PreparedRequest:
        metadata = {"payment_id": str(order.payment_id), "user_id": str(order.user_id), "plan": str(order.plan)}
        metadata |= of_installation(order.installation)
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
        key = own_key(key, json.loads(request))
        opened = await self.call(
            "checkout.sessions.create",
            lambda client: client.v1.checkout.sessions.create_async(params, options={"idempotency_key": key}),
        )
        return understood(read(opened, Session))

    async def checkout(self, session_id: str) -> CheckoutSession | None:
        if not ID.fullmatch(session_id):
            return None
        try:
            found = await self.call(
                "checkout.sessions.retrieve",
                lambda client: client.v1.checkout.sessions.retrieve_async(session_id, {"expand": [CHARGE, CUSTOMER]}),
                seconds_max=LOOK_SECONDS_MAX,
            )
        except ProviderRefused as refusal:
            if refusal.code == "resource_missing":
                return None
            raise
        return understood(read(found, Session))

    async def find_checkout(self, payment_id: PaymentId, customer_id: str) -> CheckoutSession | None:
        found = await self.call(
            "checkout.sessions.list",
            lambda client: client.v1.checkout.sessions.list_async(
                {"customer": customer_id, "limit": PAGE_MAX, "expand": [CHARGES_OF_LIST]}
            ),
        )
        sessions = (session for session in read(found, SessionList).data if session.mode == "payment")
        return next((understood(session) for session in sessions if session.payment_id == payment_id), None)

    async def expire_checkout(self, session_id: str) -> CheckoutSession | None:
        if not ID.fullmatch(session_id):
            return None
        try:
            expired = await self.call(
                "checkout.sessions.expire", lambda client: client.v1.checkout.sessions.expire_async(session_id)
            )
        except ProviderRefused:
            # Not open any more, or unknown. The session itself tells which; the words of the refusal have changed before.
            session = await self.checkout(session_id)
            if session is not None and session.status is SessionStatus.OPEN:
                raise
            return session
        return understood(read(expired, Session))

    async def invoice(self, invoice_id: str) -> InvoiceDocuments:
        found = await self.call("invoices.retrieve", lambda client: client.v1.invoices.retrieve_async(invoice_id))
        invoice = read(found, Invoice)
        return InvoiceDocuments(hosted_url=invoice.hosted_invoice_url, pdf_url=invoice.invoice_pdf)

    async def refund(self, order: RefundOrder, *, key: str) -> Refund:
        params: RefundCreateParams = {
            "payment_intent": order.payment_intent_id,
            "amount": order.amount_minor,
            "reason": order.reason.value,
            "metadata": {"payment_id": str(order.payment_id)} | of_installation(order.installation),
        }
        key = own_key(key, params)
        made = await self.call(
            "refunds.create", lambda client: client.v1.refunds.create_async(params, options={"idempotency_key": key})
        )
        refund = understood(read(made, StripeRefund))
        if refund is None:
            raise ProviderUnavailable(UNREADABLE)
        return refund

    async def returns_of(self, payment_intent_id: str) -> Returns:
        if not ID.fullmatch(payment_intent_id):
            return Returns()
        refunds = await self.call(
            "refunds.list",
            lambda client: client.v1.refunds.list_async({"payment_intent": payment_intent_id, "limit": PAGE_MAX}),
        )
        disputes = await self.call(
            "disputes.list",
            lambda client: client.v1.disputes.list_async({"payment_intent": payment_intent_id, "limit": PAGE_MAX}),
        )
        asked_at = datetime.now(UTC)
        found = [understood(refund) for refund in read(refunds, RefundList).data]
        disputed = [told(dispute, asked_at) for dispute in read(disputes, DisputeList).data]
        return Returns(
            refunds=tuple(refund for refund in found if refund is not None),
            disputes=tuple(dispute for dispute in disputed if dispute is not None),
        )


def of_installation(installation: str | None) -> dict[str, str]:
    """What metadata say of the installation that makes something."""
    return {INSTALLATION: installation} if installation is not None else {}


def own_key(key: str, params: Mapping[str, Any]) -> str:  # Any: the parameters of a request
    """An idempotency key that no other installation on the account uses. Requests that name no installation keep theirs as it is."""
    installation = params["metadata"].get(INSTALLATION)
    return f"{installation}:{key}" if installation is not None else key


def open_gateway(
    closing: AsyncExitStack, *, secret_key: str, api_base: str | None, app_url: str, observe: Observer | None = None
) -> StripeGateway:
    """A gateway that is closed with everything else."""
    gateway = StripeGateway(secret_key=secret_key, api_base=api_base, app_url=app_url, observe=observe)
    closing.push_async_callback(gateway.close)
    return gateway
