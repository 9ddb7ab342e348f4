"""A member looks at one of their payments."""

from application.ports.reads import BillingHistory, PaymentRecord
from domain.errors import NotFound
from domain.member import UserId
from domain.payment import PaymentId


class ShowPayment:
    """Finds one payment among the member's own."""

    def __init__(self, *, history: BillingHistory) -> None:
        self._history = history

    async def __call__(self, user_id: UserId, payment_id: PaymentId) -> PaymentRecord:
        """The payment with its invoice data. Raises NotFound, with the same words for an unknown payment and for somebody else's."""
        record = await self._history.one(user_id, payment_id)
        if record is None:
            raise NotFound(f"No payment {payment_id}.")
        return record
