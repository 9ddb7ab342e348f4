"""A checkout was paid whose payment is not stored, as after a restored backup: an operator has it made a payment again."""

from datetime import timedelta
from typing import Final
from unicodedata import category

from msgspec import Struct
from msgspec.structs import replace

from application.again import again
from application.confirm_payment import ConfirmPayment
from application.foreign import is_foreign
from application.ports.gateway import CheckoutSession, PaymentGateway
from application.ports.store import BeginWork, Customer, UnitOfWork
from application.ports.world import Clock
from domain.audit import Cause
from domain.catalogue import Catalogue, Plan
from domain.errors import InvalidMoney, NotAdoptable, NotFound
from domain.member import Locale, UserId, is_email, is_user_id
from domain.money import Money
from domain.payment import Payment

NAME_LENGTH_MAX: Final = 256


class Adoption(Struct, frozen=True, kw_only=True):
    """The payment of a checkout; `made` when it was stored just now."""

    payment: Payment
    made: bool


class AdoptCheckout:
    """Makes a payment of a paid checkout of ours that has none, under the id that the checkout carries.

    All that follows is what follows from any paid checkout: a year, a receipt, a mail; and a refund where the time was paid otherwise
    meanwhile. To adopt a checkout twice changes nothing.
    """

    def __init__(
        self,
        *,
        begin: BeginWork,
        gateway: PaymentGateway,
        confirm: ConfirmPayment,
        catalogue: Catalogue,
        clock: Clock,
        renewal_window_days: int,
    ) -> None:
        self._begin = begin
        self._gateway = gateway
        self._confirm = confirm
        self._catalogue = catalogue
        self._clock = clock
        self._renewal_window = timedelta(days=renewal_window_days)

    async def __call__(self, session_id: str, *, operator: str, reason: str) -> Adoption:
        """Adopt. The audit keeps who said so and why.

        Raises NotFound when the provider knows no such checkout, NotAdoptable when it is none of ours, unpaid, or does not tell whose
        it is, ProviderUnavailable and ProviderRefused.
        """
        session = await self._gateway.checkout(session_id)
        if session is None:
            raise NotFound("The payment provider knows no checkout of that id, in the mode of our key.")
        cause = Cause(why=f"adopted from its paid checkout: {reason}", actor=f"operator:{operator}")

        async def once() -> Adoption:
            async with self._begin() as work:
                if await is_foreign(work, session.installation):
                    raise NotAdoptable(
                        "The checkout was opened by another installation of this service on the same account."
                    )
                known = await work.payments.of_session(session.id, session.names_payment)
                if known is not None:
                    payment = await self._confirmed(work, known, session, cause)
                else:
                    payment = await self._made(work, session, cause)
                await work.commit()
            return Adoption(payment=payment, made=known is None)

        return await again(once, self._clock)

    async def _confirmed(self, work: UnitOfWork, known: Payment, session: CheckoutSession, cause: Cause) -> Payment:
        """The payment that the checkout has already, once it is where the checkout is."""
        if known.checkout_session_id != session.id:
            raise NotAdoptable(
                f"The checkout names payment {known.id}, which is stored: `payments reconcile` takes its money."
            )
        return await self._confirm.within(work, session, at=None, cause=cause) or known

    async def _made(self, work: UnitOfWork, session: CheckoutSession, cause: Cause) -> Payment:
        if session.payment_id is None:
            raise NotAdoptable("The checkout carries no id of a payment of ours: it was opened by another product.")
        user_id, plan, amount = self._what_was_sold(session)
        known = await work.customers.of(user_id)
        if known is None:
            work.customers.save(customer_of(session, user_id))
        elif known.provider_id is None:
            work.customers.save(replace(known, provider_id=session.payer.customer_id))
        moment = self._confirm.moment_of(session)
        subscription = await work.subscriptions.of(user_id)
        opens_at = subscription.renewal_opens_at(moment, self._renewal_window)
        payment = Payment(
            id=session.payment_id,
            user_id=user_id,
            user_type=plan.user_type,
            plan=plan.id,
            amount=amount,
            created_at=moment,
            renewal=opens_at is not None and opens_at <= moment,
            checkout_session_id=session.id,
        )
        work.payments.add(payment, cause)
        return await self._confirm.follow(work, payment, session, moment, cause=cause)

    def _what_was_sold(self, session: CheckoutSession) -> tuple[UserId, Plan, Money]:
        """To whom, which plan and for how much, as the checkout tells: we wrote it there. Raises NotAdoptable for what it does not tell."""
        if not session.settled:
            raise NotAdoptable(f"The checkout is {session.status} and not paid: there is nothing to adopt.")
        if session.user_name is None or not is_user_id(session.user_name):
            raise NotAdoptable("The checkout names no member: it was opened by another product.")
        plan = self._catalogue.of_id(session.plan_name or "")
        if plan is None:
            raise NotAdoptable(f"The checkout is for the plan {session.plan_name}, which is not in the price list.")
        try:
            amount = Money(session.received.amount or 0, session.received.currency or "")
            amount.check_chargeable()
        except InvalidMoney as error:
            raise NotAdoptable(f"The checkout does not tell what was charged: {error}") from error
        return UserId(session.user_name), plan, amount


def customer_of(session: CheckoutSession, user_id: UserId) -> Customer:
    """How the member is reached, as the checkout tells. Raises NotAdoptable where it names no address."""
    payer = session.payer
    if payer.email is None or not is_email(payer.email):
        raise NotAdoptable(
            "The checkout names no address of its member, and none is stored: their receipt could not be sent."
        )
    name = "".join(letter for letter in payer.name or "" if category(letter) not in ("Cc", "Cs"))
    return Customer(
        user_id=user_id,
        email=payer.email,
        name=name[:NAME_LENGTH_MAX],
        locale=payer.locale or Locale.FRENCH,
        provider_id=payer.customer_id,
    )
