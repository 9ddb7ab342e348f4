"""Money that does not match, in the hands of an operator: see it, take it, give it back."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import click
import msgspec

from application.errors import ProviderRefused, ProviderUnavailable
from application.review_payments import ReviewPayments
from domain.errors import DomainError
from domain.payment import Figures, Payment, PaymentId, PaymentStatus
from entrypoints.cli.environment import Unusable
from entrypoints.cli.operating import JSON, OPERATOR, TEXT, at, with_service

if TYPE_CHECKING:
    from entrypoints.container import Container

Result = TypeVar("Result")


@click.group()
def review() -> None:
    """Decide on payments whose money does not match, and on duplicates that did not go back.

    \b
    Example: payments review list
    """


@review.command("list")
@JSON
def list_waiting(as_json: bool) -> None:
    """List what waits for a decision: what was asked for, and what arrived.

    \b
    Example: payments review list
    """
    waiting = with_reviews(lambda reviews: reviews.waiting())
    click.echo(as_document(waiting) if as_json else as_lines(waiting))


@review.command()
@click.argument("payment_id", type=click.UUID)
@OPERATOR
@JSON
def accept(payment_id: UUID, operator: str, as_json: bool) -> None:
    """Take the money for what was asked: the payment is paid, and its year begins now.

    \b
    Example: payments review accept 01900000-0000-7000-8000-000000000001
    """
    payment = with_reviews(lambda reviews: reviews.accept(PaymentId(payment_id), operator=operator))
    click.echo(as_decided(payment) if as_json else f"Payment {payment.id} is {payment.status}.")


@review.command()
@click.argument("payment_id", type=click.UUID)
@click.option("--even-if-in-order", is_flag=True, help="Also a payment that waits for no decision: its time ends.")
@OPERATOR
@JSON
def refund(payment_id: UUID, even_if_in_order: bool, operator: str, as_json: bool) -> None:
    """Give back all that was charged and has not gone back yet. To ask twice gives nothing twice.

    Exit code 1, and why, where none can be given back: the payment is in order, the member's bank has taken the money, or Stripe does not
    tell how much it was.

    \b
    Example: payments review refund 01900000-0000-7000-8000-000000000001
    """
    payment = with_reviews(
        lambda reviews: reviews.give_back(PaymentId(payment_id), operator=operator, even_if_in_order=even_if_in_order)
    )
    on_its_way = "" if payment.status is PaymentStatus.REFUNDED else ": what could go back is on its way"
    click.echo(as_decided(payment) if as_json else f"Payment {payment.id} is {payment.status}{on_its_way}.")


@review.command()
@click.argument("session_id", type=TEXT)
@click.option(
    "--reason",
    type=TEXT,
    default="its payment is not stored",
    show_default=True,
    help="Why it is to be a payment; the audit keeps it.",
)
@OPERATOR
@JSON
def adopt(session_id: str, reason: str, operator: str, as_json: bool) -> None:
    """Make a payment of a paid checkout of ours whose payment is not stored, as after a restored backup.

    Its member gets the year, the receipt and the mail, under the payment's own id. To ask twice changes nothing. Exit code 1, and why,
    where the checkout is unpaid, of another product or another installation, or does not tell whose it is.

    \b
    Example: payments review adopt cs_live_a1B2c3 --reason "begun after the backup"
    """
    adopted = decided(lambda service: service.adopt_checkout()(session_id, operator=operator, reason=reason))
    payment = adopted.payment
    if as_json:
        click.echo(as_decided(payment, made=adopted.made))
        return
    beside = ", beside time already paid: it is given back" if payment.duplicate else ""
    made = "" if adopted.made else " already"
    click.echo(
        f"Payment {payment.id} of {payment.user_id} is {payment.status}{made}: {payment.plan}, "
        f"{shown(payment.charged)}, paid {at(payment.paid_at)}{beside}."
    )


def with_reviews(do: Callable[[ReviewPayments], Awaitable[Result]]) -> Result:
    """What comes of a decision on what waits."""
    return decided(lambda service: do(service.review_payments()))


def decided(do: Callable[["Container"], Awaitable[Result]]) -> Result:
    """What comes of a decision. Raises Unusable, with what to do, when it cannot be carried out."""
    try:
        return with_service(do)
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except ProviderUnavailable as fault:
        raise Unusable(f"{fault}. Nothing is half done: try again in a moment.") from fault
    except ProviderRefused as refusal:
        raise click.ClickException(f"Stripe refused: {refusal}") from refusal


def as_document(waiting: list[Payment]) -> str:
    """What waits, for programs."""
    rows = [
        {
            "id": str(payment.id),
            "user_id": payment.user_id,
            "status": payment.status,
            "why": why(payment),
            "expected": Figures(payment.amount.amount_minor, payment.amount.currency),
            "received": payment.charged,
            "created_at": payment.created_at,
        }
        for payment in waiting
    ]
    return msgspec.json.encode(rows).decode()


def as_decided(payment: Payment, **more: bool) -> str:
    """A payment after a decision, for programs."""
    document = {
        "id": str(payment.id),
        "user_id": payment.user_id,
        "status": payment.status,
        "duplicate": payment.duplicate,
        "paid_at": payment.paid_at,
    }
    return msgspec.json.encode(document | more).decode()


def as_lines(waiting: list[Payment]) -> str:
    """What waits, for people: one line each."""
    lines = [
        f"{payment.id}  {payment.created_at:%Y-%m-%d}  {payment.user_id}  {why(payment)}: "
        f"asked for {shown(Figures(payment.amount.amount_minor, payment.amount.currency))}, received {shown(payment.charged)}"
        for payment in waiting
    ]
    return "\n".join([*lines, f"{len(waiting)} waiting"])


def why(payment: Payment) -> str:
    """What is wrong with a payment, in a word."""
    return "duplicate" if payment.duplicate else "mismatch"


def shown(figures: Figures) -> str:
    """An amount in minor units with its currency, as the API has them."""
    return (
        f"{figures.amount} {figures.currency}" if figures.amount is not None else "an amount that Stripe did not tell"
    )
