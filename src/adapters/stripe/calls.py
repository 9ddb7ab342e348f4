"""Calls to Stripe through its official SDK: asynchronous, pinned to one API version, with deadlines, and imported when first needed."""

import asyncio
import importlib
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec
from msgspec import Struct

from adapters.stripe.breaker import Breaker
from adapters.stripe.returns import StripeDispute
from application.errors import ProviderRefused, ProviderUnavailable
from domain.returns import Dispute

if TYPE_CHECKING:
    from stripe import StripeClient, StripeObject

log = logging.getLogger(__name__)

API_VERSION: Final = "2026-10-28.endive"
TRY_SECONDS_MAX: Final = 6.0
CALL_SECONDS_MAX: Final = 10.0
NETWORK_RETRIES: Final = 2
CONNECTIONS_MAX: Final = 20
PAGE_MAX: Final = 100
UNREADABLE: Final = "Stripe answered something that cannot be read"


class CallMade(Struct, frozen=True, kw_only=True):
    """A call that has ended, and how many seconds it took.

    operation: as Stripe's SDK names it. request_id: Stripe's own, where it gave an answer.
    outcome: `answered`, `refused`, `unavailable`, or `failed` for what nobody foresaw.
    """

    operation: str
    outcome: str
    seconds: float
    request_id: str | None


Observer = Callable[[CallMade], None]
"""Hears of each call that has ended."""

Answer = TypeVar("Answer")
Understood_co = TypeVar("Understood_co", covariant=True)


class StripeCalls:
    """Makes calls to Stripe's API.

    api_base: another base URL than Stripe's own, for the sandbox.
    try_seconds_max, call_seconds_max: how long one request may take, and a call with all its `retries_max` repetitions.
    """

    def __init__(
        self,
        *,
        secret_key: str,
        api_base: str | None,
        try_seconds_max: float = TRY_SECONDS_MAX,
        call_seconds_max: float = CALL_SECONDS_MAX,
        retries_max: int = NETWORK_RETRIES,
        observe: Observer | None = None,
    ) -> None:
        self._observe = observe
        self._secret_key = secret_key
        self._api_base = api_base
        self._try_seconds_max = try_seconds_max
        self._call_seconds_max = call_seconds_max
        self._retries_max = retries_max
        self._breaker = Breaker()
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

    async def call(
        self,
        operation: str,
        call: "Callable[[StripeClient], Awaitable[StripeObject]]",
        *,
        seconds_max: float = CALL_SECONDS_MAX,
    ) -> dict[str, Any]:
        """Make one call within its deadline and return the answer's JSON. Any: whatever JSON Stripe answers.

        operation: what it is called in logs and measures.

        Raises ProviderUnavailable, at once while Stripe keeps giving no answer, and ProviderRefused.
        """
        began_at, outcome, request_id = time.perf_counter(), "failed", None
        try:
            with self._breaker:
                answer, request_id = await self._made(operation, call, seconds_max)
            outcome = "answered"
        except (ProviderUnavailable, ProviderRefused) as fault:
            outcome = "refused" if isinstance(fault, ProviderRefused) else "unavailable"
            request_id = getattr(fault.__cause__, "request_id", None)
            raise
        finally:
            if self._observe is not None:
                seconds = time.perf_counter() - began_at
                self._observe(CallMade(operation=operation, outcome=outcome, seconds=seconds, request_id=request_id))
        return answer

    async def _made(
        self, operation: str, call: "Callable[[StripeClient], Awaitable[StripeObject]]", seconds_max: float
    ) -> tuple[dict[str, Any], str | None]:  # Any: JSON
        """The answer's JSON, and Stripe's id of the request."""
        client = await self._opened()
        from adapters.stripe.faults import RAISED, translated

        try:
            async with asyncio.timeout(min(seconds_max, self._call_seconds_max)):
                answer = await call(client)
            request_id = answer.last_response.request_id if answer.last_response is not None else None
            log.info("Stripe answered %s", operation, extra={"stripe_request_id": request_id})
            return answer.to_dict(for_json=True), request_id
        except RAISED as error:
            raise translated(error) from error

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
                    max_network_retries=self._retries_max,
                    http_client=stripe.AIOHTTPClient(
                        session=session, timeout=aiohttp.ClientTimeout(total=self._try_seconds_max)
                    ),
                )
        return self._client


def read(answer: dict[str, Any], kind: type[Answer]) -> Answer:  # Any: JSON
    """An answer's JSON as what was asked for. Raises ProviderUnavailable when it is something else."""
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError as error:
        raise ProviderUnavailable(UNREADABLE) from error


class Understandable(Protocol[Understood_co]):
    """An answer of Stripe's that can be put in the application's words, unless it cannot be true (ValueError)."""

    def understood(self) -> Understood_co: ...


def understood(answer: Understandable[Understood_co]) -> Understood_co:
    """What Stripe answered, in the application's words. Raises ProviderUnavailable when it cannot be true."""
    try:
        return answer.understood()
    except ValueError as error:
        raise ProviderUnavailable(UNREADABLE) from error


def told(dispute: StripeDispute, at: datetime) -> Dispute | None:
    """A dispute that Stripe told of at an instant (UTC), in the same way."""
    try:
        return dispute.understood(at)
    except ValueError as error:
        raise ProviderUnavailable(UNREADABLE) from error
