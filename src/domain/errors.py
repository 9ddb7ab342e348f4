"""Refusals: what the rules of the business do not allow.

DomainError                 has a stable public `code`; the message is for people
|- InvalidMoney             an amount or a currency that cannot be money
|- InvalidCatalogue         a price list that breaks a rule
|- IllegalMove              a change of state that the lifecycle does not know
|- AlreadySubscribed        paid time is left and the renewal window is not open
|- PlanNotAllowed           a plan of another user type
|- PaymentInProgress        a delayed method is still being processed
|- TimeAlreadyPaid          money for time that has been paid for meanwhile
|- NothingToRefund         no money of the payment has arrived
|- NothingToDecide         the payment is in order, and nobody has to decide about it
|- NotAdoptable            a checkout at the provider that cannot be made a payment
|- NotErasable              something is still to happen that needs to know who the member is
|- NotFound                 no such object for this member
`- UnknownCursor            a place in a list that is none of this member's

No HTTP and no SQL here: the edges translate these.
"""

from datetime import datetime


class DomainError(Exception):
    """A rule refused what was asked. `code` is stable and public."""

    code = "domain_error"


class InvalidMoney(DomainError):
    """An amount that is no whole number of minor units, or a currency that is no ISO 4217 code."""

    code = "invalid_money"


class InvalidCatalogue(DomainError):
    """A price list that breaks a rule; the message names the plan and the mend."""

    code = "invalid_catalogue"


class IllegalMove(DomainError):
    """A lifecycle was asked for a change of state that its table of moves does not contain."""

    code = "illegal_move"

    def __init__(self, what: str, current: str, wanted: str) -> None:
        super().__init__(f"{what} is {current}: it cannot become {wanted}")


class AlreadySubscribed(DomainError):
    """The member has paid time left and may not renew yet."""

    code = "already_subscribed"

    def __init__(self, *, current_period_end: datetime, paid_until: datetime, renewal_opens_at: datetime) -> None:
        super().__init__(
            f"The subscription is active and paid until {paid_until:%Y-%m-%d}; it can be renewed from {renewal_opens_at:%Y-%m-%d}."
        )
        self.current_period_end = current_period_end
        self.paid_until = paid_until
        self.renewal_opens_at = renewal_opens_at


class PlanNotAllowed(DomainError):
    """The plan exists for another user type, or not at all."""

    code = "plan_not_allowed"


class PaymentInProgress(DomainError):
    """A payment by a delayed method is still being processed: a second one could charge twice."""

    code = "conflict"


class TimeAlreadyPaid(DomainError):
    """Money was to be taken for time that has been paid for meanwhile."""

    code = "conflict"


class NothingToRefund(DomainError):
    """Money was to be given back of a payment that has none."""

    code = "conflict"


class NothingToDecide(DomainError):
    """A payment that is in order was to be given back as if it were under review."""

    code = "conflict"


class NotAdoptable(DomainError):
    """A checkout at the provider was to be made a payment, and is none of ours or does not tell what is needed."""

    code = "conflict"


class NotErasable(DomainError):
    """A member was to be erased while something is still to happen that needs to know who they are."""

    code = "conflict"


class NotFound(DomainError):
    """Nothing of that id for this member. Says the same whether the object is unknown or somebody else's."""

    code = "not_found"


class UnknownCursor(DomainError):
    """The place from which a list was to go on is no object of this member."""

    code = "invalid_request"
