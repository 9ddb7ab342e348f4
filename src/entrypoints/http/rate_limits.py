"""Limits of rate at the door: who is counted for what, and what is told of it.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` names each limit that a request counted for, and
`RateLimit` says where whoever asks stands with it.
"""

import asyncio
import logging
from typing import Final

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from application.rate_limits import WINDOW_SECONDS, Allowance, RateLimit, RateLimited, RateLimits
from application.share_rate_limits import ShareRateLimits
from domain.member import UserId
from entrypoints.http.addresses import address_of

log = logging.getLogger(__name__)

SHARE_EVERY_SECONDS: Final = 1.0

UNLIMITED: Final = "unlimited"
"""The route option of what may be asked for at any rate: what the operator's own machines ask, and files that browsers keep."""

STARTS_CHECKOUT: Final = "starts_checkout"
"""The route option of what starts a checkout."""

ALLOWANCES: Final = "rate_limit_allowances"
"""Where the allowances of a request lie in its state."""


def count(scope: Scope, limit: RateLimit, subject: str) -> None:
    """Count a request, and note where its sender stands, for the headers. Raises RateLimited."""
    allowances: list[Allowance] = scope["state"].setdefault(ALLOWANCES, [])
    try:
        allowance = limit.take(subject)
    except RateLimited as refused:
        allowances.append(refused.allowance)
        raise
    if allowance is not None:
        allowances.append(allowance)


def count_caller(scope: Scope, limits: RateLimits, user_id: UserId) -> None:
    """Count a request with a valid token. Raises RateLimited."""
    count(scope, limits.requests_of_members, user_id)
    if scope["route_handler"].opt.get(STARTS_CHECKOUT):
        count(scope, limits.checkouts, user_id)


def count_stranger(scope: Scope, limits: RateLimits, *, failed: bool) -> None:
    """Count a request without a valid token. `failed`: it needed one, or carried one. Raises RateLimited."""
    address = address_of(scope)
    count(scope, limits.requests_of_addresses, address)
    if failed:
        count(scope, limits.authentication_failures, address)


def count_forged_delivery(scope: Scope, limits: RateLimits) -> None:
    """Count a delivery that the provider did not sign. Raises RateLimited."""
    count(scope, limits.signature_failures, address_of(scope))


async def tell_allowances(message: Message, scope: Scope) -> None:
    """Add the headers to an answer, also to one that is an error."""
    if message["type"] != "http.response.start":
        return
    allowances: list[Allowance] = scope["state"].get(ALLOWANCES, [])
    if allowances:
        headers = MutableScopeHeaders.from_message(message)
        headers["ratelimit-policy"] = ", ".join(
            f'"{allowance.limit}";q={allowance.quota};w={WINDOW_SECONDS}' for allowance in allowances
        )
        headers["ratelimit"] = ", ".join(
            f'"{allowance.limit}";r={allowance.remaining};t={allowance.seconds}' for allowance in allowances
        )


async def keep_sharing(share: ShareRateLimits) -> None:
    """Exchange with the other replicas, again and again. While the store is away, each goes by what it has counted itself."""
    away = False
    while True:
        await asyncio.sleep(SHARE_EVERY_SECONDS)
        try:
            await share()
        except Exception as fault:
            # Also what nobody foresaw: limits that hold for one replica alone are better than none.
            if not away:
                log.warning("limits of rate hold for this replica alone for now: %s: %s", type(fault).__name__, fault)
            away = True
        else:
            if away:
                log.info("limits of rate hold across replicas again")
            away = False
