"""The pages of a member's history."""

from collections.abc import Callable, Mapping

from adapters.postgres.history import EARLIEST, EVERY_STATUS, GREATEST_ID, LATEST, LEAST_ID
from adapters.postgres.statements import STATEMENTS
from application.list_payments import PAGE_SIZE
from bench.growth.asked import Question
from bench.growth.sample import Sample
from domain.payment import PaymentStatus

ASKED = PAGE_SIZE + 1
"""The service asks for one more than a page has, to know whether there is another."""

EVERYTHING: Mapping[str, object] = {
    "before": GREATEST_ID,
    "after": LEAST_ID,
    "statuses": EVERY_STATUS,
    "created_from": EARLIEST,
    "created_before": LATEST,
    "limit": ASKED,
}
REFUNDED: Mapping[str, object] = {"statuses": [PaymentStatus.REFUNDED.value]}


def page(
    what: str,
    name: str,
    cursor: str | None = None,
    *,
    of_big: Callable[[Sample], object] | None = None,
    narrowed: Mapping[str, object] = EVERYTHING,
    grows: str | None = None,
) -> Question:
    """A question about the payments of one member. cursor: the parameter that is the id of one of them; `of_big` says which."""
    statement = STATEMENTS[name]

    def values(user_id: object, payment_id: object) -> list[object]:
        named = {} if cursor is None else {cursor: payment_id}
        return statement.arguments({**EVERYTHING, **narrowed, "user_id": user_id, **named})

    def anybody(sample: Sample) -> list[object]:
        one = sample.one(sample.paid)
        return values(one["user_id"], one["id"])

    def big(sample: Sample) -> list[object]:
        chosen = of_big(sample) if of_big is not None else sample.one(sample.big_payments)["id"]
        return values(sample.big_user, chosen)

    return Question(
        name=name, what=f"history: {what}", sql=statement.sql, values=anybody, of_big=big, known_to_grow=grows
    )


def histories() -> list[Question]:
    """The pages."""
    return [
        page("first page", "payments.older"),
        page("page behind a cursor", "payments.older", "before"),
        page("the deepest page", "payments.older", "before", of_big=lambda sample: sample.big_payments[-ASKED]["id"]),
        page("page before a cursor", "payments.newer", "after"),
        page("one payment", "payments.of_member", "the_id"),
        page(
            "narrowed to a state that is rare",
            "payments.older",
            narrowed=REFUNDED,
            grows="goes through the member's own payments",
        ),
    ]
