"""A customer that was being made when everything stopped is looked for at the provider, and its id kept."""

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from application.findings import Findings
from application.open_checkout import MEMORY_OF_KEYS
from application.ports.gateway import PaymentGateway
from application.ports.reads import Unfinished
from application.ports.store import BeginWork, Customer
from application.ports.world import Clock

LEFT_ALONE: Final = timedelta(minutes=2)
CALL_PAUSE_SECONDS: Final = 0.1


class FinishCustomers:
    """Goes through the members whose customer was asked for and never noted. One that was never made is left to the next start."""

    def __init__(self, *, begin: BeginWork, unfinished: Unfinished, gateway: PaymentGateway, clock: Clock) -> None:
        self._begin = begin
        self._unfinished = unfinished
        self._gateway = gateway
        self._clock = clock

    async def __call__(self, findings: Findings, *, whatever_the_age: bool) -> None:
        """One run. Raises ProviderUnavailable when the provider stops answering, TryAgain when the store is away."""
        now = self._clock.now()
        until = now if whatever_the_age else now - LEFT_ALONE
        for customer in await self._unfinished.customers(since=now - MEMORY_OF_KEYS, until=until):
            await self._clock.sleep(CALL_PAUSE_SECONDS)
            findings.checked += 1
            await self._finished(customer, findings)

    async def _finished(self, customer: Customer, findings: Findings) -> None:
        if customer.request is None:
            return
        found = await self._gateway.find_customer(customer.request)
        if found is None:
            return
        async with self._begin() as work:
            known = await work.customers.of(customer.user_id)
            if known is None or known.provider_id is not None or known.request != customer.request:
                return
            work.customers.save(replace(known, provider_id=found))
            await work.commit()
        findings.note("customer", customer.user_id, "unknown", found, "its making was interrupted")
