"""Faults: what can go wrong around the rules rather than in them.

ApplicationFault
|- Conflict               the stored state is not what the caller had read; doing it all again may succeed
|- TryAgain               a passing fault of the store; the same call may succeed in a moment
|- ProviderUnavailable    the payment provider did not answer usefully; the same request may be sent again
|- ProviderRefused        the payment provider understood and said no; sending it again is of no use
|  |- CurrencyRefused     this account cannot charge this currency
|  `- CustomerUnknown     the provider no longer knows the customer that we made
|- MailUnavailable        the mail provider did not answer usefully; the same letter may be sent again
|- MailRefused            the mail provider will never take this letter
|- InvalidSignature       a delivery that the provider did not sign, or not just now
|- InvalidEvent           signed by the provider, yet no event that can be read
`- UnfitEvent             an event that is ours and cannot be applied to what is stored
   `- PaidBeside          it tells of money beside a checkout that may still be paid

A refusal by the rules of the business is a DomainError instead. Each adapter translates its driver's errors into these in one place.
"""


class ApplicationFault(Exception):
    """Something around the rules failed."""


class Conflict(ApplicationFault):
    """The stored state is not what the caller believed: another writer was first. `constraint` names the broken rule, if one is."""

    def __init__(self, message: str, *, constraint: str | None = None) -> None:
        super().__init__(message)
        self.constraint = constraint


class TryAgain(ApplicationFault):
    """A passing fault of the store. After a fault at commit the outcome may be unknown."""


class ProviderUnavailable(ApplicationFault):
    """No useful answer from the payment provider: time-out, lost connection, 409, 429, 5xx or a revoked key.

    retry_after_seconds: when asking again is sensible.
    answered: whether the provider itself answered with an error (a 5xx that it will replay under the same idempotency key).
    silent: whether there was no answer of any kind.
    """

    def __init__(
        self, message: str, *, retry_after_seconds: int = 5, answered: bool = False, silent: bool = False
    ) -> None:
        super().__init__(message)
        self.silent = silent
        self.retry_after_seconds = retry_after_seconds
        self.answered = answered


class ProviderRefused(ApplicationFault):
    """The payment provider understood the request and refused it. `code` is the provider's own."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class CurrencyRefused(ProviderRefused):
    """The provider's account cannot charge in the currency asked for."""


class CustomerUnknown(ProviderRefused):
    """The provider no longer knows the customer that was made for this member."""


class MailUnavailable(ApplicationFault):
    """No useful answer from the mail provider. The same letter under the same key may be sent again after `retry_after_seconds`.

    in_doubt: whether the letter may have been sent all the same (an answer that was lost, unlike a connection that was refused).
    """

    def __init__(self, message: str, *, retry_after_seconds: int | None = None, in_doubt: bool = True) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.in_doubt = in_doubt


class MailRefused(ApplicationFault):
    """The mail provider will never take this letter: a bad address, a bad sender, a wrong key."""


class InvalidSignature(ApplicationFault):
    """A delivery without a good signature of the right age: nothing is kept of it. The message never says which part was wrong."""


class InvalidEvent(ApplicationFault):
    """Authentic bytes that are no event: nothing is kept of them."""


class UnfitEvent(ApplicationFault):
    """An event about one of our objects that cannot be applied to what is stored; it is kept for an operator."""


class PaidBeside(UnfitEvent):
    """Money came through a checkout that an earlier attempt left behind, while the payment's own one may still be paid.

    own_session_id: the payment's own checkout, which is to be closed so that nobody pays twice.
    """

    def __init__(self, message: str, *, own_session_id: str) -> None:
        super().__init__(message)
        self.own_session_id = own_session_id
