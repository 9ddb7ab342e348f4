"""Stripe's own records of members. Its API deletes customers; what it keeps of payments it keeps as the law asks of it."""

from adapters.stripe.gateway import ID, StripeGateway
from application.errors import ProviderRefused
from application.ports.gateway import PreparedRequest

GONE = "resource_missing"


class StripeCustomerRecords:
    """The port ProviderCustomers."""

    def __init__(self, gateway: StripeGateway) -> None:
        self._gateway = gateway

    async def find(self, request: PreparedRequest) -> str | None:
        return await self._gateway.find_customer(request)

    async def delete(self, customer_id: str) -> None:
        if not ID.fullmatch(customer_id):
            return
        try:
            await self._gateway.call("customers.delete", lambda client: client.v1.customers.delete_async(customer_id))
        except ProviderRefused as refusal:
            if refusal.code != GONE:
                raise
