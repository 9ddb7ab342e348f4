"""The door for what Stripe delivers."""

from typing import Final

from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from msgspec import Struct

from application.ports.gateway import Delivery
from application.receive_event import ReceiveEvent
from entrypoints.http.described import problems
from entrypoints.http.identity import PUBLIC

BODY_BYTES_MAX: Final = 512 * 1024


class ReceivedBody(Struct, frozen=True, kw_only=True):
    """What became of a delivery: `handled`, `ignored`, `repeated` or `parked`. Each means that the event is kept."""

    received: bool = True
    outcome: str


@post(
    "/api/webhooks/stripe",
    operation_id="receiveStripeEvent",
    tags=["Webhooks"],
    status_code=200,
    opt={PUBLIC: True},
    security=[],
    request_max_body_size=BODY_BYTES_MAX,
    responses=problems(400, 413),
)
async def receive_stripe_event(
    request: Request[None, None, State], receive_event: NamedDependency[ReceiveEvent]
) -> ReceivedBody:
    """A signed event. 200 means that its effect, or at least the event itself, is durable."""
    delivery = Delivery(body=await request.body(), signature=request.headers.get("stripe-signature"))
    return ReceivedBody(outcome=(await receive_event(delivery)).outcome)
