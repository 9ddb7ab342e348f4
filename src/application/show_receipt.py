"""A member looks at the receipt of a payment."""

from msgspec import Struct

from application.ports.reads import PaymentRecord
from application.ports.store import BeginWork, Customer
from domain.catalogue import Catalogue, Plan
from domain.errors import NotFound
from domain.member import UserId
from domain.payment import PaymentId
from domain.subscription import Period


class Receipt(Struct, frozen=True, kw_only=True):
    """What a receipt tells. `period` is null for money that bought no time, `customer` for a member we know nothing of."""

    record: PaymentRecord
    plan: Plan
    period: Period | None
    customer: Customer | None


class ShowReceipt:
    """Finds the receipt of one of the member's own paid payments."""

    def __init__(self, *, begin: BeginWork, catalogue: Catalogue) -> None:
        self._begin = begin
        self._catalogue = catalogue

    async def __call__(self, user_id: UserId, payment_id: PaymentId) -> Receipt:
        """The receipt. Raises NotFound for an unknown payment, somebody else's, and one whose money has not arrived."""
        async with self._begin() as work:
            payment = await work.payments.get(payment_id)
            if payment is None or payment.user_id != user_id or not payment.is_paid:
                raise NotFound(f"No receipt of a payment {payment_id}.")
            invoice = await work.invoices.of(payment_id)
            customer = await work.customers.of(user_id)
            subscription = await work.subscriptions.of(user_id)
        return Receipt(
            record=PaymentRecord(payment=payment, invoice=invoice),
            plan=self._catalogue.plan_for(payment.user_type),
            period=subscription.bought_by(payment_id),
            customer=customer,
        )
