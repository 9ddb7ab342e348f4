"""The one place where what Stripe and its SDK raise becomes what the application understands."""

import logging
from typing import Final

import aiohttp
import stripe

from application.errors import CurrencyRefused, CustomerUnknown, ProviderRefused, ProviderUnavailable

log = logging.getLogger(__name__)

KEY_REFUSED_RETRY_SECONDS: Final = 60

RAISED: Final = (
    *(stripe.StripeError, aiohttp.ClientError, TimeoutError, OSError),
    *(AttributeError, LookupError, TypeError, ValueError, RecursionError),
)
"""What a call can raise. aiohttp's own errors get through the SDK when a connection breaks in the middle of an answer; the last five
come out of the SDK when an answer is none of Stripe's: no UTF-8, no JSON object, an error without fields."""


def translated(error: BaseException) -> ProviderUnavailable | ProviderRefused:
    """The application's word for a failed call. Judged by the HTTP status first: 401 and 403 call themselves invalid requests."""
    if not isinstance(error, stripe.StripeError):
        log.warning("no answer from Stripe that can be used: %s", type(error).__name__)
        return ProviderUnavailable("no answer from Stripe", silent=True)
    status = error.http_status
    code = getattr(error, "code", None)
    named = {"stripe_request_id": error.request_id}
    log.warning("Stripe refused a call: status %s, code %s", status, code, extra=named)
    if isinstance(error, stripe.IdempotencyError):
        # The stored bytes differ from those first sent under the key. Whether the object exists is not known: look, then renew.
        log.error("Stripe knows this idempotency key with other parameters", extra=named)
        return ProviderUnavailable("Stripe knows the idempotency key with other parameters", answered=True)
    if status in (401, 403):
        log.error("Stripe refused the API key", extra=named)
        return ProviderUnavailable("Stripe refused the API key", retry_after_seconds=KEY_REFUSED_RETRY_SECONDS)
    if status is None or status < 400 or status in (408, 409, 429) or status >= 500:
        return ProviderUnavailable(
            f"Stripe answered {status}", answered=status is not None and status >= 500, silent=status is None
        )
    return _refusal(error, code)


def _refusal(error: stripe.StripeError, code: str | None) -> ProviderRefused:
    param = getattr(error, "param", None) or ""
    message = error.user_message or str(error)
    # Stripe's own words are not passed on: they may repeat what they are about, such as the member's address.
    said = f"Stripe answered {error.http_status}, code {code or '-'}, parameter {param or '-'}, request {error.request_id or '-'}"
    if param == "customer" and code == "resource_missing":
        return CustomerUnknown(said, code=code)
    if message.startswith("Invalid currency") or param.endswith("[currency]") or param == "currency":
        return CurrencyRefused(said, code=code)
    return ProviderRefused(said, code=code)
