"""Payments, subscriptions, and what is kept with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Integer, Text

from adapters.postgres import tables
from adapters.postgres.queries.kit import ONE, ZERO, insert_into, query, record, table, update_versioned, word
from domain.payment import UNFINISHED
from domain.returns import OPEN_DISPUTES, OPEN_REFUNDS

record(tables.CustomerRow, "user_id")
record(tables.CheckoutRow, "payment_id")
record(tables.InvoiceRow, "payment_id")
record(tables.MailRow, "key", lock=True)

customers = table(tables.CustomerRow)
query(
    "customers.unmade",
    select(customers)
    .where(customers.c.provider_id.is_(None), customers.c.prepared_at.between(bindparam("since"), bindparam("until")))
    .order_by(customers.c.prepared_at)
    .limit(literal_column("1000")),
)

# Payments

payments = table(tables.PaymentRow)
by_id = select(payments).where(payments.c.id == bindparam("the_id"))
of_session = payments.c.checkout_session_id == bindparam("session_id")
query("payments.get", by_id)
query("payments.get_locked", by_id.with_for_update())
query(
    "payments.of_session",
    select(payments)
    .where(or_(of_session, payments.c.id == bindparam("the_id", type_=payments.c.id.type)))
    .order_by(case((of_session, ONE), else_=literal_column("2")))
    .limit(ONE)
    .with_for_update(),
)
query(
    "payments.of_intent",
    select(payments).where(payments.c.payment_intent_id == bindparam("payment_intent_id")).with_for_update(),
)
query(
    "payments.under_review",
    select(payments)
    .where(or_(payments.c.status == word("REVIEW"), payments.c.duplicate))
    .where(payments.c.status != word("REFUNDED"), payments.c.dispute.is_distinct_from(word("LOST")))
    .order_by(payments.c.created_at, payments.c.id)
    .limit(literal_column("1000")),
)
query(
    "payments.unfinished_of",
    select(payments)
    .where(payments.c.user_id == bindparam("user_id"))
    .where(or_(*(payments.c.status == word(status) for status in sorted(UNFINISHED))))
    .order_by(payments.c.status)
    .limit(ONE)
    .with_for_update(),
)
begun = (payments.c.created_at, payments.c.id)
query(
    "payments.unfinished",
    select(payments)
    .where(payments.c.status.in_([word(status) for status in sorted(UNFINISHED)]))
    .where(tuple_(*begun) > tuple_(*(bindparam(f"after_{part.name}", type_=part.type) for part in begun)))
    .order_by(*begun)
    .limit(bindparam("limit", type_=Integer)),
)
invoices = table(tables.InvoiceRow)
with_invoice = select(
    payments, *(column.label(f"invoice_{column.name}") for column in invoices.c if column.name != "version")
).outerjoin(invoices, invoices.c.payment_id == payments.c.id)
of_member = payments.c.user_id == bindparam("user_id")
query("payments.of_member", with_invoice.where(of_member, payments.c.id == bindparam("the_id")))
for name, order in (("payments.older", payments.c.id.desc()), ("payments.newer", payments.c.id.asc())):
    query(
        name,
        with_invoice.where(of_member)
        .where(payments.c.id > bindparam("after"), payments.c.id < bindparam("before"))
        .where(payments.c.status == func.any(bindparam("statuses", type_=ARRAY(Text))))
        .where(payments.c.created_at >= bindparam("created_from"), payments.c.created_at < bindparam("created_before"))
        .order_by(order)
        .limit(bindparam("limit", type_=Integer)),
    )
insert_into("payments.add", tables.PaymentRow)
update_versioned(
    "payments.save",
    tables.PaymentRow,
    "id",
    (
        "status",
        "checkout_session_id",
        "payment_intent_id",
        "paid_at",
        "refunded_minor",
        "dispute",
        "review",
        "duplicate",
    ),
)

# Subscriptions

subscriptions, periods = table(tables.SubscriptionRow), table(tables.PeriodRow)


def in_order(name: str) -> ColumnElement[object]:
    """A column of the member's periods as an array, in the order of the periods."""
    ordered = select(periods.c[name]).where(periods.c.user_id == subscriptions.c.user_id).order_by(periods.c.n)
    return func.array(ordered.scalar_subquery())


with_periods = select(
    subscriptions,
    in_order("payment_id").label("payment_ids"),
    in_order("bought_at").label("bought"),
    in_order("starts_at").label("starts"),
    in_order("ends_at").label("ends"),
    in_order("taken_back_at").label("taken_back"),
)
query("subscriptions.of", with_periods.where(subscriptions.c.user_id == bindparam("user_id")))
query(
    "subscriptions.of_all",
    with_periods.where(subscriptions.c.user_id == func.any(bindparam("user_ids", type_=ARRAY(Text)))),
)
version_now = select(subscriptions.c.version).where(subscriptions.c.user_id == bindparam("user_id")).scalar_subquery()
query(
    "subscriptions.unchanged",
    select(ONE).where(func.coalesce(version_now, ZERO) == bindparam("seen_version", type_=Integer)),
    guards="subscriptions",
)
insert_into("subscriptions.add", tables.SubscriptionRow)
update_versioned("subscriptions.save", tables.SubscriptionRow, "user_id")
insert_into("periods.add", tables.PeriodRow)
query(
    "periods.drop_after",
    delete(periods).where(periods.c.user_id == bindparam("user_id"), periods.c.n > bindparam("n")),
)

# What went back

refunds, disputes = table(tables.RefundRow), table(tables.DisputeRow)


def facts(source: Table, kind: str, stage: str, lost_at: ColumnElement[datetime | None]) -> Select[Any]:
    """Rows in columns that refunds and disputes share. Any: columns of many types."""
    common = [
        source.c[name] for name in ("id", "payment_intent_id", "amount_minor", "currency", "created_at", "version")
    ]
    return select(word(kind).label("kind"), *common, source.c[stage].label("stage"), lost_at.label("lost_at"))


refund_facts = facts(refunds, "refund", "status", literal_column("null::timestamptz"))
dispute_facts = facts(disputes, "dispute", "stage", disputes.c.lost_at)
the_charge: BindParameter[str] = bindparam("payment_intent_id")
query(
    "returns.of",
    union_all(
        refund_facts.where(refunds.c.payment_intent_id == the_charge),
        dispute_facts.where(disputes.c.payment_intent_id == the_charge),
    ).order_by("created_at", "id"),
)
query(
    "returns.none",
    select(ONE).where(
        ~exists().where(refunds.c.payment_intent_id == the_charge),
        ~exists().where(disputes.c.payment_intent_id == the_charge),
    ),
    guards="what went back",
)


def still_open(found: Select[Any], source: Table, stage: str, words: frozenset[str]) -> Select[Any]:
    """Those of known payments that were made after a place in their order, in one of some stages. Any: as above."""
    after = tuple_(bindparam("after_created_at", type_=source.c.created_at.type), bindparam("after_id", type_=Text))
    return (
        found.where(source.c[stage].in_([word(one) for one in sorted(words)]))
        .where(source.c.created_at <= bindparam("made_until"), tuple_(source.c.created_at, source.c.id) > after)
        .where(exists().where(payments.c.payment_intent_id == source.c.payment_intent_id))
    )


query(
    "returns.open",
    union_all(
        still_open(refund_facts, refunds, "status", OPEN_REFUNDS),
        still_open(dispute_facts, disputes, "stage", OPEN_DISPUTES),
    )
    .order_by("created_at", "id")
    .limit(bindparam("at_most")),
)


def charges_of(source: Table) -> Select[Any]:
    """The first charges after a place, each once: a walk along an index. Any: as above."""
    charge = source.c.payment_intent_id
    first = select(charge).where(charge > bindparam("after", type_=Text)).distinct().order_by(charge)
    return select(first.limit(bindparam("at_most")).subquery().c.payment_intent_id)


query(
    "returns.charges",
    union(charges_of(refunds), charges_of(disputes)).order_by("payment_intent_id").limit(bindparam("at_most")),
)
insert_into("refunds.add", tables.RefundRow)
update_versioned("refunds.save", tables.RefundRow, "id", ("status",))
insert_into("disputes.add", tables.DisputeRow)
update_versioned("disputes.save", tables.DisputeRow, "id", ("stage", "lost_at"))

# Receipt numbers, refused currencies, audit

counters, refusals = table(tables.ReceiptCounterRow), table(tables.RefusedCurrencyRow)
query(
    "receipt_counters.next",
    insert(counters)
    .values(year=bindparam("year"), last=ONE)
    .on_conflict_do_update(index_elements=["year"], set_={"last": counters.c.last + ONE})
    .returning(counters.c.last),
)
query("refused_currencies.all", select(func.array_agg(refusals.c.currency).label("currencies")))
query(
    "refused_currencies.add",
    insert(refusals)
    .values({name: bindparam(name) for name in ("currency", "reason", "refused_at")})
    .on_conflict_do_nothing(),
)
insert_into(
    "audit.add", tables.AuditRow, ("entity", "entity_id", "from_status", "to_status", "why", "actor", "event_id")
)
