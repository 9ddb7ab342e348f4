"""The door for what Stripe delivers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.response.base import ASGIResponse
from msgspec import Struct

from application.errors import ApplicationFault, InvalidEvent, InvalidSignature
from application.log_context import also_about
from application.ports.gateway import Delivery
from application.receive_event import Outcome, ReceiveEvent
from entrypoints.http.described import answer, problems
from entrypoints.http.identity import PUBLIC
from entrypoints.http.rate_limits import UNLIMITED, count_forged_delivery
from entrypoints.metrics.measures import Measures, TurnedAway

BODY_BYTES_MAX: Final = 512 * 1024
TURNED_AWAY: Final = {InvalidSignature: TurnedAway.BAD_SIGNATURE, InvalidEvent: TurnedAway.NO_EVENT}


class ReceivedBody(Struct, frozen=True, kw_only=True):
    """What became of a delivery: `handled`, `ignored`, `repeated` or `parked`. Each means that the event is kept."""

    received: bool = True
    outcome: Outcome


ANSWERS: Final = {outcome: msgspec.json.encode(ReceivedBody(outcome=outcome)) for outcome in Outcome}

AN_EVENT: Final = {
    "id": "evt_1OtqWrObEHxCYlQkfY1Yd8bM",
    "object": "event",
    "type": "checkout.session.completed",
    "created": 1768478400,
    "livemode": False,
    "api_version": "2026-01-28.clover",
    "data": {"object": {"id": "cs_test_a1b2c3d4e5f6g7h8i9j0", "object": "checkout.session"}},
}


@dataclass
class SignedEventOperation(Operation):
    """The description of a door whose body is Stripe's and is verified before it is read: the bytes count, so no model decodes them."""

    def __post_init__(self) -> None:
        """Add the body and what proves it."""
        schema = Schema(type=OpenAPIType.OBJECT, description="An event as Stripe writes it")
        example = Example(summary="An event, shortened", value=AN_EVENT)
        content = {"application/json": OpenAPIMediaType(schema=schema, examples={"event": example})}
        self.request_body = RequestBody(content=content, required=True)
        self.security = [{"stripeSignature": []}]


@post(
    "/api/webhooks/stripe",
    operation_id="receiveStripeEvent",
    operation_class=SignedEventOperation,
    summary="Receive an event from Stripe",
    tags=["Webhooks"],
    status_code=200,
    opt={PUBLIC: True, UNLIMITED: True},
    request_max_body_size=BODY_BYTES_MAX,
    responses={
        200: answer(ReceivedBody(outcome=Outcome.HANDLED), "The event is durable"),
        **problems(400, 408, 413, 429),
    },
)
async def receive_stripe_event(
    request: Request[None, None, State], receive_event: NamedDependency[ReceiveEvent]
) -> ASGIResponse:
    """A signed event. 200 means that its effect, or at least the event itself, is durable."""
    delivery = Delivery(body=await request.body(), signature=request.headers.get("stripe-signature"))
    measures: Measures = request.app.state.measures
    try:
        receipt = await receive_event(delivery)
    except ApplicationFault as fault:
        measures.delivery(TURNED_AWAY.get(type(fault), TurnedAway.NOT_KEPT))
        if isinstance(fault, InvalidSignature):
            # Counted afterwards: what is well signed is taken at any rate, from whatever address.
            count_forged_delivery(request.scope, request.app.state.rate_limits)
        raise
    also_about(event_id=receipt.event_id)
    measures.delivery(receipt.outcome)
    if receipt.outcome is Outcome.HANDLED:
        measures.handled(receipt.created, datetime.now(UTC))
    return ASGIResponse(body=ANSWERS[receipt.outcome], media_type=MediaType.JSON)
