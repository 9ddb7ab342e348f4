"""What the service writes of a payment, as lines for COPY: the rows that are left once all of its events and jobs are through."""

from datetime import UTC, datetime
from random import Random
from typing import Final

from bench.growth.lines import NULL, Lines, Try
from bench.growth.members import DAY, YEAR, Someone, id_at, stamp
from bench.growth.texts import CURRENCY, NAME, ZONE, Texts

PAGE_HOURS: Final = 24 * 3600.0
"""How long a hosted page can stay open, in seconds: Stripe's longest."""

WAITING_FOR_A_WORKER: Final = ("issue_receipt", "collect_invoice")


class Rows(Lines):
    """Everything that is written of members and payments.

    letters_from: letters from then on keep their text.
    """

    def __init__(self, *, now: float, texts: Texts, chance: Random, letters_from: float) -> None:
        super().__init__(now=now, texts=texts, chance=chance)
        self.receipts: dict[int, int] = {}
        self._letters_from = letters_from

    # Members

    def customer(self, one: Someone, at: float) -> None:
        """A member who is known to the provider."""
        request = self._texts.customer.replace("@EMAIL@", one.email).replace("@USER@", one.user_id)
        self.lines["customers"].append(
            f"{one.user_id}\t{one.email}\t{NAME}\t{one.locale}\t{one.customer}\t{request}\t1\t{stamp(at)}\t3\n"
        )

    def settled(self, one: Someone) -> None:
        """A member of whom nothing more comes: the subscription as it stays, if there is one."""
        if one.years and not one.is_settled:
            fee, one.is_settled = one.fee, True
            self.lines["subscriptions"].append(
                f"{one.user_id}\t{fee.user_type}\t{fee.plan}\t{one.status}\t{one.years}\n"
            )

    # Payments

    def started(self, one: Someone, at: float, *, renewal: bool) -> Try:
        """A checkout was started: the first line of the audit, and in the last day the answer under its key."""
        word = self._chance.randbytes(192).hex()
        made = Try(id_at(at, word), one, at, renewal, word)
        self.audit("payment", made.id, NULL, "PENDING", "checkout started", f"member:{one.user_id}", at)
        if at > self._now - DAY:
            body = f'{{"id": "{made.id}", "status": "PENDING", "checkout_url": "{self._url(made)}"}}'
            self.lines["idempotency_keys"].append(
                f"{one.user_id}\t{word[160:192]}\t\\\\x{word[:64]}\t{stamp(at)}\t{stamp(at)}\t201"
                f'\t[["content-type", "application/json"]]\t{body}\n'
            )
        return made

    def waits(self, made: Try) -> None:
        """Its hosted page is open."""
        self._payment(made, "PENDING")
        self._checkout(made, open_page=True)

    def is_processed(self, made: Try) -> None:
        """A delayed method: the money may still come."""
        self._payment(made, "PROCESSING")
        self._checkout(made)
        self._moved(made, "PROCESSING", "checkout.session.completed", made.at + 90)

    def left(self, made: Try, status: str) -> None:
        """It was never paid."""
        why = {"EXPIRED": "checkout.session.expired", "FAILED": "checkout.session.async_payment_failed"}
        self._payment(made, status)
        self._checkout(made)
        if status == "CANCELLED":
            member = f"member:{made.member.user_id}"
            self.audit("payment", made.id, "PENDING", status, "the member gave the checkout up", member, made.at + 120)
        else:
            self._moved(made, status, why[status], min(self._now, made.at + 3600))

    def paid(
        self,
        made: Try,
        at: float,
        *,
        fresh: bool = False,
        gone_back: float | None = None,
        part_back: float | None = None,
        disputed: str | None = None,
    ) -> None:
        """It bought a year. gone_back, part_back: when its money, or a tenth of it, was refunded. fresh: its jobs are yet to be done."""
        amount = made.member.fee.amount
        lost_at = at + 15 * DAY if disputed == "LOST" else None
        status = "REFUNDED" if gone_back else "PARTIALLY_REFUNDED" if part_back else "SUCCEEDED"
        refunded = amount if gone_back else amount // 10 if part_back else 0
        self._payment(made, status, paid_at=at, refunded=refunded, dispute=disputed)
        self._checkout(made)
        self._moved(made, "SUCCEEDED", "checkout.session.completed", at)
        self._year(made, at, taken_back_at=gone_back or lost_at)
        self._receipt(made, at, fresh=fresh)
        if not fresh:
            self._mail(made, "confirmation", at + 3)
        if refunded:
            back_at = gone_back or part_back or at
            self._refund(made, back_at, refunded, status)
            if gone_back:
                self.job("send_refund_notice", made.id, back_at)
                self._mail(made, "refund", back_at + 2)
        if disputed:
            self._dispute(made, at + 5 * DAY, amount, disputed, lost_at)

    def paid_twice(self, made: Try, at: float) -> None:
        """It came beside time already paid, and went back."""
        self._payment(made, "REFUNDED", paid_at=at, refunded=made.member.fee.amount, duplicate=True)
        self._checkout(made)
        self._moved(made, "SUCCEEDED", "checkout.session.completed", at)
        self._receipt(made, at)
        self.job("refund_duplicate", made.id, at)
        self._refund(made, at + 5, made.member.fee.amount, "REFUNDED")
        self.job("send_refund_notice", made.id, at + 6)
        self._mail(made, "refund", at + 8)

    def reviewed(self, made: Try, at: float) -> None:
        """Something else arrived. After three weeks it was given back; before that it waits for an operator."""
        asked = made.member.fee.amount
        figures = [f'{{"amount": {amount}, "currency": "{CURRENCY}"}}' for amount in (asked, asked - 1)]
        review = f'{{"expected": {figures[0]}, "received": {figures[1]}}}'
        old = at < self._now - 21 * DAY
        self._payment(made, "REFUNDED" if old else "REVIEW", review=review, refunded=asked - 1 if old else 0)
        self._checkout(made)
        self._moved(made, "REVIEW", "checkout.session.completed", at)
        if old:
            self._refund(made, at + DAY, asked - 1, "REFUNDED", before="REVIEW")
            self.job("send_refund_notice", made.id, at + DAY)
            self._mail(made, "refund", at + DAY + 2)

    def parked(self, at: float, *, dead: bool) -> None:
        """An event that could not be handled, and its retry."""
        word = self._chance.randbytes(192).hex()
        made = Try(id_at(at, word), Someone(f"{word[:36]}", "", "", "fr", self._texts.fees["talent"]), at, False, word)
        self.event(made, made.event, "checkout.session.completed", at, "parked")
        self.job("retry_event", made.event, at, state="dead" if dead else "ready", due=self._now + 3600)

    # What belongs to a payment

    def _payment(
        self,
        made: Try,
        status: str,
        *,
        paid_at: float | None = None,
        refunded: int = 0,
        dispute: str | None = None,
        review: str = NULL,
        duplicate: bool = False,
    ) -> None:
        fee, created = made.member.fee, stamp(made.at)
        intent = made.intent if paid_at or review != NULL else NULL
        self.lines["payments"].append(
            f"{made.id}\t{made.member.user_id}\t{fee.user_type}\t{fee.plan}\t{fee.amount}\t{CURRENCY}\t{created}\t{made.renewal}\t{status}"
            f"\t{made.session}\t{intent}\t{stamp(paid_at) if paid_at else NULL}\t{refunded}\t{dispute or NULL}\t{review}\t{duplicate}\t3\n"
        )

    def _url(self, made: Try) -> str:
        return f"https://checkout.stripe.com/c/pay/{made.session}#{made.word[:290]}"

    def _checkout(self, made: Try, *, open_page: bool = False) -> None:
        one, at = made.member, stamp(made.at)
        ends = made.at + PAGE_HOURS
        request = (
            self._texts.checkout[one.locale]
            .replace("@PAYMENT@", made.id)
            .replace("@USER@", one.user_id)
            .replace("@CUSTOMER@", one.customer)
            .replace("@EXPIRES@", str(int(ends)))
        )
        asked = NULL if open_page else at
        self.lines["checkouts"].append(
            f"{made.id}\t1\t{request}\t{at}\t0\t{self._url(made)}\t{stamp(ends)}\t{asked}\t4\n"
        )

    def _year(self, made: Try, at: float, *, taken_back_at: float | None) -> None:
        one = made.member
        starts = max(at, one.ends)
        previous = f"{one.years}\t{stamp(one.ends)}" if one.years else f"{NULL}\t{NULL}"
        if one.status != "NONE" and one.ends < at and one.status != "CANCELLED":
            self.audit("subscription", one.user_id, one.status, "EXPIRED", "the paid time has ended", "system", at)
            one.status = "EXPIRED"
        if one.status != "ACTIVE":
            self._moved_subscription(made, "ACTIVE", "checkout.session.completed", at)
        before_ends = one.ends
        one.years, one.ends = one.years + 1, starts + YEAR
        back = NULL
        if taken_back_at:
            one.ends, back = max(starts, taken_back_at), stamp(taken_back_at)
            if before_ends <= taken_back_at:
                self._moved_subscription(made, "CANCELLED", "charge.refunded", taken_back_at)
        self.lines["periods"].append(
            f"{one.user_id}\t{one.years}\t{made.id}\t{stamp(at)}\t{stamp(starts)}\t{stamp(one.ends)}\t{back}\t{previous}\n"
        )

    def _moved_subscription(self, made: Try, status: str, why: str, at: float) -> None:
        one = made.member
        self.audit("subscription", one.user_id, one.status, status, why, "stripe", at, made.event)
        one.status = status

    def _receipt(self, made: Try, at: float, *, fresh: bool = False) -> None:
        number = issued = hosted = pdf = NULL
        if not fresh:
            year = datetime.fromtimestamp(at, UTC).astimezone(ZONE).year
            self.receipts[year] = self.receipts.get(year, 0) + 1
            number, issued = f"{year}-{self.receipts[year]:06}", stamp(at + 1)
            hosted = f"https://invoice.stripe.com/i/acct_1{made.word[:15]}/live_{made.word[200:312]}?s=ap"
            pdf = hosted.replace("?", "/pdf?")
            self.job("send_confirmation", made.id, at + 2)
        self.lines["invoices"].append(f"{made.id}\t{number}\t{issued}\t{made.invoice}\t{hosted}\t{pdf}\t3\n")
        for kind in WAITING_FOR_A_WORKER:
            self.job(kind, made.id, at, state="ready" if fresh else "done", due=self._now)

    def _refund(self, made: Try, at: float, amount: int, status: str, *, before: str = "SUCCEEDED") -> None:
        event = f"evt_3{made.word[152:175]}"
        self.lines["refunds"].append(
            f"re_3{made.word[176:199]}\t{made.intent}\t{amount}\t{CURRENCY}\tsucceeded\t{stamp(at)}\t2\n"
        )
        self.event(made, event, "refund.updated", at, "handled")
        self.audit("payment", made.id, before, status, "refund.updated", "stripe", at, event)

    def _dispute(self, made: Try, at: float, amount: int, status: str, lost_at: float | None) -> None:
        lost = stamp(lost_at) if lost_at else NULL
        self.lines["disputes"].append(
            f"du_1{made.word[200:223]}\t{made.intent}\t{amount}\t{CURRENCY}\t{status.lower()}\t{stamp(at)}\t{lost}\t2\n"
        )
        self.event(made, f"evt_1{made.word[224:247]}", "charge.dispute.created", at, "handled")

    def _mail(self, made: Try, key: str, at: float) -> None:
        one = made.member
        text = "\t\t"
        if at >= self._letters_from:
            letters = self._texts.confirmation if key == "confirmation" else self._texts.refund
            receipt = max(self.receipts.values(), default=1)
            text = (
                letters[one.locale]
                .replace("@EMAIL@", one.email)
                .replace("@PAYMENT@", made.id)
                .replace("@RECEIPT@", f"2026-{receipt:06}")
            )
        self.lines["mails"].append(
            f"{key}/{made.id}\t{made.id}\t{one.email}\t{text}\t{stamp(at)}\t{NULL}\t{stamp(at + 1)}\t{made.word[:36]}\t3\n"
        )

    def _moved(self, made: Try, status: str, why: str, at: float) -> None:
        """A payment came from PENDING to a state by its event."""
        self.event(made, made.event, why, at, "handled")
        self.audit("payment", made.id, "PENDING", status, why, "stripe", at, made.event)
