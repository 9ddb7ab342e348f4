"""What members and Stripe ask all day: webhooks, access checks, histories, checkouts, keys."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import asyncpg

from bench.events import Pending as Awaited
from bench.events import body_of, template
from bench.growth.asked import Question
from bench.growth.sample import Sample
from bench.growth.wording import Wanted, question, saved
from entrypoints.sandbox.events import API_VERSION

AN_EVENT: Final = template(1_790_000_000)
HUNDRED: Final = 100
AMOUNT: Final = 30000
A_CLAIM: Final = {"fingerprint": bytes(32), "lease_seconds": 30.0}


def an_event(sample: Sample) -> Mapping[str, object]:
    """An event that was never heard of."""
    one = sample.one(sample.pending)
    number = sample.chance.randrange(10**20)
    awaited = Awaited(
        number=number, payment_id=one["id"], user_id=one["user_id"], session_id=one["checkout_session_id"]
    )
    return {
        "id": f"evt_1{sample.word(23)}",
        "type": "checkout.session.completed",
        "api_version": API_VERSION,
        "created_at": sample.now,
        "state": "handled",
        "error": None,
        "body": body_of(AN_EVENT, awaited),
    }


def a_payment(sample: Sample, **changes: object) -> dict[str, object]:
    """The columns of a payment that was just begun."""
    columns: dict[str, object] = {
        "id": sample.id(),
        "user_id": f"new-{sample.word(32)}",
        "user_type": "talent",
        "plan": "talent_membership",
        "amount_minor": AMOUNT,
        "currency": "mad",
        "created_at": sample.now,
        "renewal": False,
        "status": "PENDING",
        "checkout_session_id": None,
        "payment_intent_id": None,
        "paid_at": None,
        "refunded_minor": 0,
        "dispute": None,
        "review": None,
        "duplicate": False,
        "version": 1,
    }
    return columns | changes


class Confirmed:
    """The parameters of what a webhook saves, all about one payment that waits for its money: each call of `payment` takes the next."""

    def __init__(self) -> None:
        self.one: asyncpg.Record | None = None

    def payment(self, sample: Sample) -> Mapping[str, object]:
        """The payment is paid."""
        self.one = one = sample.one(sample.pending)
        changes = {"status": "SUCCEEDED", "checkout_session_id": one["checkout_session_id"], "paid_at": sample.now}
        return a_payment(sample, **changes, payment_intent_id=f"pi_3{sample.word(23)}") | {
            "the_key": one["id"],
            "seen_version": one["version"],
        }

    def subscription(self, sample: Sample) -> Mapping[str, object]:
        """Its member has a subscription."""
        return a_payment(sample, status="ACTIVE") | {"user_id": self._user(sample)}

    def year(self, sample: Sample) -> Mapping[str, object]:
        """And its first year."""
        end = sample.now + timedelta(days=365)
        return {
            "user_id": self._user(sample),
            "n": 1,
            "payment_id": self._id(sample),
            "bought_at": sample.now,
            "starts_at": sample.now,
            "ends_at": end,
            "taken_back_at": None,
            "previous_n": None,
            "previous_ends_at": None,
        }

    def invoice(self, sample: Sample) -> Mapping[str, object]:
        """The invoice data."""
        empty: dict[str, object] = dict.fromkeys(("number", "issued_at", "hosted_url", "pdf_url"))
        return empty | {"payment_id": self._id(sample), "stripe_invoice_id": f"in_1{sample.word(23)}", "version": 1}

    def job(self, kind: str) -> Wanted:
        """A job about it."""
        return lambda sample: {
            "kind": kind,
            "subject": str(self._id(sample)),
            "delay_seconds": 0.0,
            "attempts_max": 120,
        }

    def line(self, entity: str, before: str, after: str) -> Wanted:
        """A line of the audit."""
        return lambda sample: {
            "entity": entity,
            "entity_id": str(self._id(sample)) if entity == "payment" else self._user(sample),
            "from_status": before,
            "to_status": after,
            "why": "checkout.session.completed",
            "actor": "stripe",
            "event_id": f"evt_1{sample.word(23)}",
        }

    def _user(self, sample: Sample) -> str:
        return str((self.one or sample.one(sample.pending))["user_id"])

    def _id(self, sample: Sample) -> object:
        return (self.one or sample.one(sample.pending))["id"]


class Begun:
    """The parameters of what the start of a checkout saves: each call of `payment` begins another."""

    def __init__(self) -> None:
        self.id: object = None

    def payment(self, sample: Sample) -> Mapping[str, object]:
        """A payment is begun."""
        self.id = sample.id()
        return a_payment(sample, id=self.id)

    def checkout(self, _: Sample) -> Mapping[str, object]:
        """Its checkout."""
        names = ("request", "prepared_at", "claimed_until", "url", "expires_at", "asked_at", "open_at")
        empty: dict[str, object] = dict.fromkeys(names)
        return empty | {"payment_id": self.id, "attempt": 1, "failures": 0, "version": 1}

    def line(self, _: Sample) -> Mapping[str, object]:
        """Its first line of the audit."""
        return {
            "entity": "payment",
            "entity_id": str(self.id),
            "from_status": None,
            "to_status": "PENDING",
            "why": "checkout started",
            "actor": "member:new",
            "event_id": None,
        }


def webhooks() -> list[Question]:
    """What a webhook reads and writes."""
    paid = Confirmed()
    return [
        question("events.keep", "webhook: the event and its bytes", an_event),
        question(
            "payments.of_session",
            "webhook: the payment, locked",
            lambda s: {"session_id": (one := s.one(s.pending))["checkout_session_id"], "the_id": one["id"]},
            lambda s: {"session_id": (one := s.one(s.big_payments))["checkout_session_id"], "the_id": one["id"]},
        ),
        question(
            "returns.of",
            "webhook: what went back of the charge",
            lambda s: {"payment_intent_id": s.one(s.paid)["payment_intent_id"]},
        ),
        saved(
            "webhook: all that is saved",
            ("payments.save", paid.payment),
            ("periods.add", paid.year),
            ("subscriptions.add", paid.subscription),
            ("invoices.add", paid.invoice),
            ("jobs.enqueue", paid.job("issue_receipt")),
            ("jobs.enqueue", paid.job("collect_invoice")),
            ("audit.add", paid.line("payment", "PENDING", "SUCCEEDED")),
            ("audit.add", paid.line("subscription", "NONE", "ACTIVE")),
            name="commit of a webhook",
        ),
        question(
            "payments.of_intent",
            "webhook of a refund: the payment, locked",
            lambda s: {"payment_intent_id": s.one(s.paid)["payment_intent_id"]},
        ),
        question(
            "refunds.add",
            "webhook of a refund: the refund",
            lambda s: {
                "id": f"re_3{s.word(23)}",
                "payment_intent_id": s.one(s.paid)["payment_intent_id"],
                "amount_minor": AMOUNT,
                "currency": "mad",
                "status": "succeeded",
                "created_at": s.now,
                "version": 1,
            },
        ),
        question(
            "events.kept",
            "reconciliation: which of 100 events are known",
            lambda s: {"ids": s.events[:HUNDRED]},
            grows="a hundred ways into an index that is one page deeper",
        ),
    ]


def access() -> list[Question]:
    """What the platform asks before every page."""
    return [
        question(
            "subscriptions.of",
            "access check of a member",
            lambda s: {"user_id": s.chance.choice(s.members)},
            lambda s: {"user_id": s.big_user},
        ),
        question(
            "subscriptions.of_all",
            "access check of 100 members",
            lambda s: {"user_ids": s.chance.sample(s.members, HUNDRED)},
        ),
    ]


def checkouts() -> list[Question]:
    """What the start of a checkout reads and writes."""
    begun = Begun()
    return [
        question(
            "payments.unfinished_of",
            "checkout: is one under way, locked",
            lambda s: {"user_id": s.one(s.paid)["user_id"]},
            lambda s: {"user_id": s.big_user},
        ),
        question("customers.find", "checkout: the customer", lambda s: {"the_key": s.one(s.customers)["user_id"]}),
        question("checkouts.find", "checkout: how far it is", lambda s: {"the_key": s.one(s.pending)["id"]}),
        saved(
            "checkout: all that its start saves",
            ("payments.add", begun.payment),
            ("checkouts.add", begun.checkout),
            ("audit.add", begun.line),
            name="commit of a checkout",
            big=lambda s: {"user_id": s.big_user},
        ),
        question(
            "idempotency_keys.claim",
            "key of a request: claim",
            lambda s: {**A_CLAIM, "user_id": s.chance.choice(s.members), "key": s.word(32)},
        ),
        question(
            "idempotency_keys.find",
            "key of a request: the answer",
            lambda s: {"the_user_id": (one := s.one(s.keys))["user_id"], "the_key": one["key"]},
        ),
        question(
            "payments.get",
            "payment by its id",
            lambda s: {"the_id": s.one(s.paid)["id"]},
            lambda s: {"the_id": s.one(s.big_payments)["id"]},
        ),
    ]
