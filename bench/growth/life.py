"""Three years of a service, payment after payment in the order of time, as lines for COPY."""

from collections.abc import Iterator
from random import Random
from typing import Final

from bench.growth.lines import Try
from bench.growth.members import DAY, YEAR, Crowd
from bench.growth.rows import Rows
from bench.growth.texts import Texts

SPAN: Final = 3 * YEAR
BIG_SHARE: Final = 100
"""Every so manieth payment is the big member's."""

BIG_YEARS: Final = 3
"""So many payments of the big member bought a year, at every size: the others were given up."""

OPEN_MIN: Final = 40
"""So many of the newest payments can still be paid, or more where more were begun in the last hour."""

FRESH: Final = 60
"""So many payments more are so new that their worker has not come to them."""

COLUMNS: Final = {
    "customers": "user_id email name locale provider_id request attempt prepared_at version",
    "payments": "id user_id user_type plan amount_minor currency created_at renewal status checkout_session_id payment_intent_id"
    " paid_at refunded_minor dispute review duplicate version",
    "checkouts": "payment_id attempt request prepared_at failures url expires_at asked_at version",
    "subscriptions": "user_id user_type plan status version",
    "periods": "user_id n payment_id bought_at starts_at ends_at taken_back_at previous_n previous_ends_at",
    "invoices": "payment_id number issued_at stripe_invoice_id hosted_url pdf_url version",
    "refunds": "id payment_intent_id amount_minor currency status created_at version",
    "disputes": "id payment_intent_id amount_minor currency stage created_at lost_at version",
    "mails": "key payment_id recipient subject html plain written_at in_doubt_since sent_at provider_id version",
    "events": "id type api_version created_at received_at state error body",
    "jobs": "kind subject state run_at attempts attempts_max lease leased_until last_error created_at finished_at",
    "audit": "entity entity_id from_status to_status why actor event_id at",
    "idempotency_keys": "user_id key fingerprint leased_until claimed_at status headers body",
}
"""The tables that grow, and the columns of their lines."""


class Life:
    """Goes through so many payments, up to `now` (seconds since the epoch). `rows` holds the lines since they were last taken.

    letter_days: the letters of so many days keep their text.
    """

    def __init__(self, payments: int, *, now: float, texts: Texts, letter_days: float, seed: int = 7) -> None:
        self._chance = Random(seed)
        self._crowd = Crowd(texts, self._chance)
        self._count, self._now = payments, now
        self.rows = Rows(now=now, texts=texts, chance=self._chance, letters_from=now - letter_days * DAY)
        self._open = 2 * max(OPEN_MIN, int(0.3 * payments * 3600 / SPAN))
        self._lately = self._open + FRESH

    def __iter__(self) -> Iterator[int]:
        """The number of each payment, once its lines are among the rows."""
        big = self._crowd.big
        self.rows.customer(big, self._now - SPAN)
        for number in range(self._count):
            left = self._count - number
            at = self._moment(left)
            if left % BIG_SHARE == 0:
                self._of_big(number, at)
            else:
                self._of_anybody(left, at)
            if (left <= 20 * OPEN_MIN and left % 40 == 5) or (
                at > self._now - 30 * DAY and self._chance.random() < 0.0005
            ):
                self.rows.parked(at, dead=left % 80 == 5)
            yield number
        for one in [*self._crowd.still_to_come(), big]:
            self.rows.settled(one)

    def _moment(self, left: int) -> float:
        """When a payment begins that has so many after it. The newest lie in the last hour, however few there are."""
        age = SPAN * left / self._count
        for newest, seconds in ((self._lately, 3000.0), (20 * OPEN_MIN, 9 * DAY)):
            if left <= newest:
                age = min(age, seconds * left / newest)
        return self._now - age

    def _of_big(self, number: int, at: float) -> None:
        """A year is bought when it is due; the others are checkouts that were left."""
        big = self._crowd.big
        made = self.rows.started(big, at, renewal=False)
        if at >= big.ends and big.years < BIG_YEARS and at <= self._now - DAY:
            self.rows.paid(made, at + 40)
        else:
            self.rows.left(made, ("EXPIRED", "EXPIRED", "EXPIRED", "CANCELLED", "FAILED")[number // BIG_SHARE % 5])

    def _of_anybody(self, left: int, at: float) -> None:
        due = self._crowd.next_due(at)
        member, twice = due or (self._crowd.new(), False)
        if due is None:
            self.rows.customer(member, at)
        made = self.rows.started(member, at, renewal=not twice and member.ends - 30 * DAY <= at < member.ends)
        dice = self._chance.random()
        if twice:
            self.rows.paid_twice(made, at + 30)
        elif left <= self._open and left % 2:
            self.rows.waits(made)
            self.rows.settled(member)
        elif (left <= 20 * OPEN_MIN and left % 20 == 10) or (dice < 0.02 and at > self._now - 9 * DAY):
            self.rows.is_processed(made)
            self.rows.settled(member)
        elif dice < 0.70:
            self._pays(made, at, fresh=left <= self._lately)
        else:
            self.rows.left(made, "EXPIRED" if dice < 0.88 else "CANCELLED" if dice < 0.96 else "FAILED")
            again = at + 60 + self._chance.random() * 2 * DAY
            if self._chance.random() < 0.6 and not made.renewal:
                self._crowd.comes_again(member, again)
            else:
                self.rows.settled(member)

    def _pays(self, made: Try, at: float, *, fresh: bool) -> None:
        """The payment is paid, and some of it may go back; its member comes again in a year, or never."""
        member, dice = made.member, self._chance.random()
        paid_at = min(at + 20 + self._chance.random() * 300, self._now - 1)
        back_at = paid_at + self._chance.random() * 15 * DAY
        old, leaves = paid_at < self._now - 20 * DAY, False
        if fresh:
            self.rows.paid(made, paid_at, fresh=True)
        elif dice < 0.025 and old:
            self.rows.paid(made, paid_at, gone_back=back_at)
            leaves = True
        elif dice < 0.035 and old:
            self.rows.paid(made, paid_at, part_back=back_at)
        elif dice < 0.0365:
            self.rows.reviewed(made, paid_at)
            leaves = True
        elif dice < 0.040 and old:
            outcome = ("WON", "LOST", "OPEN")[int(dice * 100000) % 3]
            self.rows.paid(made, paid_at, disputed=outcome)
            leaves = outcome == "LOST"
        else:
            self.rows.paid(made, paid_at)
        if 0.5 < dice < 0.5015 and paid_at < self._now - 2 * DAY:
            self._crowd.comes_again(member, at, twice=True)
        if not leaves and self._chance.random() < 0.6:
            late = self._chance.random()
            self._crowd.comes_again(member, member.ends + (-35 * late if late < 0.7 else 200 * (late - 0.7)) * DAY)
        else:
            self.rows.settled(member)
