"""Every kind of error that is told to a caller: what it means and what to do, in English, the language of the API.

The page of each lies where the `type` of its problem details points: /errors/{code}.
"""

from typing import Final

from msgspec import Struct


class ProblemType(Struct, frozen=True, kw_only=True):
    """A kind of error.

    statuses: the HTTP statuses that it comes with.
    meaning: what has happened, and what has not.
    remedy: what the caller can do, one step in each.
    """

    title: str
    statuses: tuple[int, ...]
    meaning: str
    remedy: tuple[str, ...]


AGAIN: Final = "Send the same request again after the seconds in `Retry-After`, with a longer pause after each failure."
NOTHING_DONE: Final = "Nothing was charged and nothing was changed."

TYPES: Final[dict[str, ProblemType]] = {
    "invalid_request": ProblemType(
        title="The request is not valid",
        statuses=(400, 422, 431),
        meaning=f"Something in the request is missing, misspelt or outside of its bounds. {NOTHING_DONE}",
        remedy=(
            "Read `detail`; where `errors` is there, each `pointer` names the field, as a JSON pointer into the body "
            "or as the name of a parameter.",
            "Fields that the API does not know are refused by name: look for a typing error.",
            "Mend the request. The same one will be refused again.",
        ),
    ),
    "unauthenticated": ProblemType(
        title="A valid token is needed",
        statuses=(401,),
        meaning="The request carries no token, or one that is expired, not for this service or wrongly signed. "
        "The answer is the same for all of these, so that nobody learns from it how to make a better forgery.",
        remedy=(
            "Send `Authorization: Bearer <token>`, with a token that the platform issued for this member.",
            "Get a new token when the old one is near its `exp`.",
            "If new tokens are refused too, compare the algorithm, issuer and audience with the settings "
            "`AUTH_JWT_ALGORITHM`, `AUTH_JWT_ISSUER` and `AUTH_JWT_AUDIENCE`, and the clocks of both machines.",
        ),
    ),
    "forbidden": ProblemType(
        title="The token does not allow this",
        statuses=(403,),
        meaning=f"The token is valid, and lacks what this address asks for. {NOTHING_DONE}",
        remedy=(
            "To read another user's subscription, use a token whose `scope` has `subscriptions:read`.",
            "To pay, use the token of a member, with `user_type`.",
            "In a browser: load the page again, since its form was too old or not made by this site.",
        ),
    ),
    "not_found": ProblemType(
        title="Not found",
        statuses=(404,),
        meaning="There is nothing at this address, or it belongs to another member: the answer is the same for both.",
        remedy=("Compare the path and the id with the documentation.", "Use the token of the member who owns it."),
    ),
    "already_subscribed": ProblemType(
        title="The subscription is active already",
        statuses=(409,),
        meaning="The member has paid for this time. No second payment was opened.",
        remedy=(
            "Let the member in: `current_period_end` and `paid_until` say until when.",
            "Offer the renewal from `renewal_opens_at` on.",
        ),
    ),
    "conflict": ProblemType(
        title="The request conflicts with what is under way",
        statuses=(409,),
        meaning="An earlier payment of this member is still being worked on, by their bank or by another request.",
        remedy=(
            "Read `GET /api/v1/payments`: a payment that is `PROCESSING` waits for the bank, which can take days.",
            "Do not ask the member to pay again. If the bank refuses, the payment becomes `FAILED` and a new one can be started.",
        ),
    ),
    "idempotency_in_progress": ProblemType(
        title="A request with this key is under way",
        statuses=(409,),
        meaning="Another request with the same `Idempotency-Key` has not been answered yet. This one did nothing.",
        remedy=(
            "Send the same request with the same key again after the seconds in `Retry-After`: the answer of the first is given back.",
            "If the first one was broken off on our side, its key is free again within some seconds.",
        ),
    ),
    "idempotency_mismatch": ProblemType(
        title="The key belongs to another request",
        statuses=(422,),
        meaning="The same `Idempotency-Key` came before with another path or another body. This request did nothing.",
        remedy=(
            "Make a new key, such as a random UUID, for each new request.",
            "Use a key again only to repeat the very same request.",
        ),
    ),
    "plan_not_allowed": ProblemType(
        title="The plan is for another user type",
        statuses=(403,),
        meaning=f"Members buy the plan of their own user type. {NOTHING_DONE}",
        remedy=(
            "Leave `plan` out: the plan of the token's `user_type` is taken.",
            "Or read it from `GET /api/v1/plans?user_type=...`.",
        ),
    ),
    "provider_unavailable": ProblemType(
        title="The payment provider is not available",
        statuses=(502, 503),
        meaning="Stripe did not answer in time (503), or refused to open the checkout (502). Nothing was charged. "
        "If a checkout was opened all the same, the next try finds it.",
        remedy=(AGAIN, "After a 502 that comes again and again, an operator has to look at the account at Stripe."),
    ),
    "unavailable": ProblemType(
        title="The service is not available just now",
        statuses=(503,),
        meaning="The service cannot reach what it needs, most often its database, or the request took too long. Nothing is lost.",
        remedy=(AGAIN, "`GET /health/ready` says when all is well again."),
    ),
    "signature_invalid": ProblemType(
        title="The signature is not valid",
        statuses=(400,),
        meaning="A delivery to the webhook is not signed with a secret of ours, or is older or newer than 300 seconds. "
        "Nothing of it was kept.",
        remedy=(
            "Compare `STRIPE_WEBHOOK_SECRET` with the secret of this endpoint at Stripe; while a secret is rolled, list both.",
            "See that nothing between Stripe and the service changes the body.",
            "See that the clock of the machine is right.",
        ),
    ),
    "request_timeout": ProblemType(
        title="The request did not come in time",
        statuses=(408,),
        meaning=f"The connection was open, and the request was not whole when its time was up. {NOTHING_DONE}",
        remedy=("Send the whole request at once, on a new connection.",),
    ),
    "payload_too_large": ProblemType(
        title="The body is too large",
        statuses=(413,),
        meaning=f"The body is larger than this address takes. {NOTHING_DONE}",
        remedy=("Send only the fields that are documented: no request of this API is larger than a few kilobytes.",),
    ),
    "method_not_allowed": ProblemType(
        title="The method is not allowed here",
        statuses=(405,),
        meaning="There is something at this address, for another method.",
        remedy=("Use one of the methods in the `Allow` header.",),
    ),
    "unsupported_media_type": ProblemType(
        title="The body must be JSON",
        statuses=(415,),
        meaning=f"The body came under another media type than `application/json`. {NOTHING_DONE}",
        remedy=("Send JSON in UTF-8, with `Content-Type: application/json`.",),
    ),
    "rate_limited": ProblemType(
        title="Too many requests",
        statuses=(429,),
        meaning=f"This member or this address has asked more often than it may in a minute. {NOTHING_DONE}",
        remedy=(
            "Send the same request again after the seconds in `Retry-After`. What is refused does not count.",
            "Read `RateLimit` in each answer: slow down while `r`, what remains, is small.",
            "Keep answers that have an `ETag`, and ask about many users in one request.",
        ),
    ),
    "internal_error": ProblemType(
        title="Something went wrong on our side",
        statuses=(500,),
        meaning="A fault that nobody foresaw. It is in the log under `request_id`.",
        remedy=(
            "Try again once. A checkout that was open is given back, and no second one is opened.",
            "If it comes again, tell the operator the `request_id`.",
        ),
    ),
}
"""Every code there is."""
