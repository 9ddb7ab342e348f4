"""Stripe's error answers: one exception that carries status and body, and a maker for each kind that the sandbox gives."""

from entrypoints.sandbox.wire import JsonObject

_DOCUMENTATION = "https://stripe.com/docs/error-codes/"


class StripeFault(Exception):
    """An answer other than 200. Keys that are None are left out of the body, as Stripe does."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **more: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = {}
        documentation = _DOCUMENTATION + code.replace("_", "-") if code else None
        error = {"code": code, "doc_url": documentation, "message": message, "param": param, "type": type, **more}
        self.error: JsonObject = {key: value for key, value in error.items() if value is not None}

    def body(self) -> JsonObject:
        """The document that is sent."""
        return {"error": self.error}


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeFault:
    """400: the request itself is wrong."""
    return StripeFault(400, message, code=code, param=param)


def unknown_parameters(names: list[str], meant: str | None) -> StripeFault:
    """400: Stripe has no such parameter here (any more)."""
    word = "parameter" if len(names) == 1 else "parameters"
    hint = f". Did you mean {meant}?" if meant else ""
    return invalid(f"Received unknown {word}: {', '.join(names)}{hint}", names[0], "parameter_unknown")


def missing_parameter(name: str) -> StripeFault:
    """400: a parameter without which nothing can be done."""
    return invalid(f"Missing required param: {name}.", name, "parameter_missing")


def no_such(noun: str, identifier: str, param: str, status: int = 404) -> StripeFault:
    """404 for the object of the path, 400 for one that a parameter names."""
    return StripeFault(status, f"No such {noun}: '{identifier}'", code="resource_missing", param=param)


def nothing_to_refund(intent_id: str) -> StripeFault:
    """400: no money came in."""
    return invalid(f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.")


def charged_back(charge_id: str) -> StripeFault:
    """400: the card network has taken the money back already."""
    text = f"Charge {charge_id} has been charged back; cannot issue a refund."
    return invalid(text, code="charge_disputed")


def already_refunded(charge_id: str) -> StripeFault:
    """400: nothing is left of the charge."""
    return invalid(f"Charge {charge_id} has already been refunded.", code="charge_already_refunded")


def unrecognized_url(method: str, path: str) -> StripeFault:
    """404: Stripe has nothing there."""
    return StripeFault(
        404,
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
    )


def no_api_key() -> StripeFault:
    """401: nobody said who is calling."""
    fault = StripeFault(
        401,
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
        "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we "
        "can help at https://support.stripe.com/.",
    )
    fault.headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
    return fault


def wrong_api_key(key: str) -> StripeFault:
    """401: not the key of this account; all but its ends is hidden."""
    start = next((kind for kind in ("sk_test_", "sk_live_", "rk_test_", "pk_test_") if key.startswith(kind)), "")
    rest = key[len(start) :]
    shown = start + "*" * max(len(rest) - 4, 0) + (rest[-4:] if len(rest) > 4 else "*" * len(rest))
    fault = StripeFault(401, f"Invalid API Key provided: {shown[:120]}")
    fault.headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
    return fault


def other_parameters(key: str) -> StripeFault:
    """400: an idempotency key came back with another request."""
    return StripeFault(
        400,
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key "
        f"other than '{key}' if you meant to execute a different request.",
        type="idempotency_error",
    )


def key_in_use() -> StripeFault:
    """409: the first request with this key has not ended."""
    return StripeFault(
        409,
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, "
        "and the other request is still going through)",
        code="idempotency_key_in_use",
    )


def made_to_fail(status: int) -> StripeFault:
    """What Stripe says with a status that a fault of the control API asked for."""
    if status == 429:
        return StripeFault(
            429, "Request rate limit exceeded. You can learn more about rate limits here.", code="rate_limit"
        )
    if status == 409:
        return StripeFault(
            409, "This object cannot be accessed right now because another request is using it.", code="lock_timeout"
        )
    if status == 402:
        return StripeFault(
            402, "Your card was declined.", type="card_error", code="card_declined", decline_code="generic_decline"
        )
    if status in (401, 403):
        return StripeFault(status, "The provided key does not have access to this account.")
    if status < 500:
        return StripeFault(status, "The request was refused by a fault of the sandbox.")
    return StripeFault(
        status,
        "An unknown error occurred. If this persists, please contact Stripe support.",
        type="api_error",
    )
