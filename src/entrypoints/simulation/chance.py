"""All that is left to chance in a simulated world, from one seed: which kinds of faults there are, how often, and when."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from random import Random
from typing import Final, TypeVar

Choice = TypeVar("Choice")


class Fault(StrEnum):
    """What can go wrong around the service."""

    STORE_REFUSES = "the database takes no new connection"
    STORE_OUTAGE = "the database cannot be reached for a while, and all that is open is lost"
    STORE_DROPS = "the connection breaks in the middle of a work"
    STORE_SLOW = "the database is slow"
    COMMIT_LOST = "the connection breaks before the commit is done"
    COMMIT_UNKNOWN = "the connection breaks after the commit is done"
    KILL = "a replica is killed"
    DEPLOY = "a replica is told to stop and is replaced"
    SKEW = "the clocks of replicas differ by minutes"
    STRIPE_DOWN = "Stripe cannot be reached"
    STRIPE_BUSY = "Stripe answers 429"
    STRIPE_SLOW = "Stripe acts after our deadline"
    STRIPE_ANSWER_LOST = "Stripe acts and its answer is lost"
    STRIPE_ERROR_KEPT = "Stripe answers 500, and again for the same key"
    STRIPE_OUTAGE = "Stripe cannot be reached for hours"
    CUSTOMER_GONE = "the customer is deleted at Stripe"
    CURRENCY_REFUSED = "the account cannot charge the first currency"
    EVENT_LOST = "an event never comes"
    EVENT_NEVER_MADE = "Stripe makes no event of how a refund or a dispute goes on"
    EVENT_UNLISTED = "an event never comes, and stands in no list of events either"
    EVENT_TWICE = "an event comes more than once"
    EVENT_UNREADABLE = "an event cannot be read before a later release of ours"
    EVENT_LATE = "an event comes hours or days late"
    WRONG_NAME = "somebody changes for whom or for what a checkout says that it is"
    WRONG_AMOUNT = "another amount is charged than was asked for"
    PAID_BESIDE = "staff make another checkout for a payment by hand, and the member pays that one"
    LATE_MONEY = "money comes for a checkout that had ended or failed"
    MAIL_DOWN = "the mail provider cannot be reached"
    MAIL_BUSY = "the mail provider answers 429"
    MAIL_ANSWER_LOST = "a mail is sent and the answer is lost"
    MAIL_OUTAGE = "the mail provider cannot be reached for hours"
    REFUND_FAILS = "a refund fails after it had succeeded"


USUAL: Final[dict[Fault, float]] = {
    Fault.STORE_REFUSES: 0.02,
    Fault.STORE_OUTAGE: 0.4,
    Fault.STORE_DROPS: 0.01,
    Fault.STORE_SLOW: 0.02,
    Fault.COMMIT_LOST: 0.02,
    Fault.COMMIT_UNKNOWN: 0.03,
    Fault.KILL: 0.006,
    Fault.DEPLOY: 0.5,
    Fault.SKEW: 0.5,
    Fault.STRIPE_DOWN: 0.08,
    Fault.STRIPE_BUSY: 0.05,
    Fault.STRIPE_SLOW: 0.04,
    Fault.STRIPE_ANSWER_LOST: 0.08,
    Fault.STRIPE_ERROR_KEPT: 0.05,
    Fault.STRIPE_OUTAGE: 0.3,
    Fault.CUSTOMER_GONE: 0.6,
    Fault.CURRENCY_REFUSED: 0.2,
    Fault.EVENT_LOST: 0.15,
    Fault.EVENT_TWICE: 0.3,
    Fault.EVENT_UNREADABLE: 0.2,
    Fault.EVENT_LATE: 0.25,
    Fault.WRONG_AMOUNT: 0.25,
    Fault.PAID_BESIDE: 0.3,
    Fault.LATE_MONEY: 0.5,
    Fault.MAIL_DOWN: 0.1,
    Fault.MAIL_BUSY: 0.1,
    Fault.MAIL_ANSWER_LOST: 0.25,
    Fault.MAIL_OUTAGE: 0.25,
    Fault.REFUND_FAILS: 0.4,
    Fault.EVENT_NEVER_MADE: 0.9,
    Fault.EVENT_UNLISTED: 0.05,
    Fault.WRONG_NAME: 0.1,
}
"""How probable each is at each opportunity, where it occurs at all."""


class Theme(StrEnum):
    """What many things that happen in one world have in common: courses of events that chance alone brings too rarely."""

    NONE = "whatever happens"
    INTERRUPTED = "who hears nothing tries once more at most"
    AT_ONCE = "money is given back in the moment in which it comes"
    TOO_LATE = "money comes for a checkout that was replaced, and is given back before that is heard of"
    UNHEARD = "what happens is told by one of Stripe's lists alone"


THEMES: Final = (
    *(Theme.NONE,) * 4,
    *(Theme.INTERRUPTED, Theme.UNHEARD),
    *(Theme.AT_ONCE, Theme.AT_ONCE),
    *(Theme.TOO_LATE, Theme.TOO_LATE),
)
"""How often each occurs among so many worlds."""

OF_THEMES: Final[dict[Theme, dict[Fault, float]]] = {
    Theme.NONE: {},
    Theme.INTERRUPTED: {Fault.STRIPE_ANSWER_LOST: 0.35, Fault.SKEW: 1.0},
    Theme.AT_ONCE: {
        Fault.STORE_SLOW: 0.12,
        Fault.STORE_OUTAGE: 0.0,
        Fault.STRIPE_OUTAGE: 0.0,
        Fault.EVENT_LATE: 0.0,
        Fault.EVENT_LOST: 0.0,
        Fault.EVENT_UNREADABLE: 0.0,
    },
    Theme.TOO_LATE: {Fault.LATE_MONEY: 0.9, Fault.EVENT_LATE: 0.3},
    Theme.UNHEARD: {
        Fault.EVENT_LOST: 0.5,
        Fault.EVENT_UNLISTED: 0.6,
        Fault.LATE_MONEY: 0.6,
        Fault.REFUND_FAILS: 0.6,
    },
}
"""How probable faults are in the worlds of a theme, where that is not left to chance."""

OCCURS: Final = 0.55
"""The share of worlds in which a kind of fault occurs: a mix that differs each time finds more than one fixed mix does."""


class Chance:
    """The dice of one world. `happened` counts the faults that did happen. `without`: kinds that never do."""

    def __init__(self, seed: int, *, without: frozenset[Fault] = frozenset()) -> None:
        # Two dice, so that a world without a kind of fault is otherwise set up as it was with it.
        setup = Random(f"setup:{seed}")  # noqa: S311 # a course of events, not a secret
        drawn = {fault: usual * setup.uniform(0.3, 2.0) * (setup.random() < OCCURS) for fault, usual in USUAL.items()}
        themes = Random(f"theme:{seed}")  # noqa: S311 # a course of events, not a secret
        self.theme = themes.choice(THEMES)
        drawn |= OF_THEMES[self.theme]
        self._probable = {fault: 0.0 if fault in without else value for fault, value in drawn.items()}
        self.dice = Random(f"course:{seed}")  # noqa: S311 # a course of events, not a secret
        self.happened: Counter[Fault] = Counter()
        self.quiet = False

    def strikes(self, fault: Fault) -> bool:
        """Whether a fault happens now."""
        probability = self._probable[fault]
        if self.quiet or not probability or self.dice.random() >= probability:
            return False
        self.happened[fault] += 1
        return True

    def occurs(self, probability: float) -> bool:
        """Whether something happens that is no fault."""
        return self.dice.random() < probability

    def seconds(self, shortest: float, longest: float) -> float:
        """A length of time."""
        return self.dice.uniform(shortest, longest)

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        """One of several."""
        return choices[self.dice.randrange(len(choices))]
