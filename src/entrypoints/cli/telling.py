"""`payments story`: all that happened to a payment, from whatever an operator has in hand."""

from datetime import UTC

import click
import msgspec

from application.ports.reads import PaymentStory
from entrypoints.cli.operating import JSON, TEXT, at, first_line, with_service

STORIES_MAX = 20


@click.command()
@click.argument("word", type=TEXT)
@JSON
def story(word: str, as_json: bool) -> None:
    """Tell all that happened to a payment, the newest payments first, each in the order of time.

    WORD is what you have: the id of a payment, a user's id or e-mail address, a receipt's number, or an id of Stripe's (session, payment
    intent, customer, event, refund, dispute, invoice). Exit code 1 when no payment is known by it.

    \b
    Example: payments story salma@example.org
             payments story cs_test_a1b2c3
    """
    found = with_service(lambda service: service.stories().about(word.strip(), limit=STORIES_MAX))
    if not found:
        raise click.ClickException(
            f"No payment is known by {word!r}. A payment's event that changed nothing: `payments events show {word}`; "
            "what Stripe knows and we do not: `payments reconcile`."
        )
    click.echo(msgspec.json.encode(found).decode() if as_json else "\n\n".join(as_text(one) for one in found))


def as_text(told: PaymentStory) -> str:
    """A story for people. Times are UTC."""
    payment = told.payment
    money = f"{payment.amount.amount_minor} {payment.amount.currency} in minor units"
    lines = [
        f"Payment {payment.id}: {payment.status}",
        f"  {payment.plan} for {payment.user_id}, {money}; session {payment.checkout_session_id or '-'}",
    ]
    lines += [
        f"  {at(one.at.astimezone(UTC))}  {one.what:<12}  {' '.join(filter(None, (one.id, first_line(one.says, 200))))}"
        for one in told.moments
    ]
    return "\n".join(lines)
