"""Members as the subjects of their data, in memory, and the provider's own records of them."""

from typing import cast

from msgspec.structs import replace

from adapters.memory.gateway import MemoryGateway
from adapters.memory.idempotency import KeptKey
from adapters.memory.store import AuditRow, MemoryStore
from application.ports.gateway import PreparedRequest
from application.ports.mail import Letter
from application.ports.privacy import Erasure, Judge, MemberData
from application.ports.reads import AuditRecord, PaymentRecord
from application.ports.store import Customer, Mail, StoredEvent
from domain.audit import Cause
from domain.checkout import Checkout
from domain.invoice import Invoice
from domain.member import UserId
from domain.payment import Payment
from domain.subscription import Subscription

NOTHING = Letter(to="", subject="", html="", text="")


class MemoryMembers:
    """The port Members. Nothing comes between the steps of an erasure: none of them waits."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def known(self, user_id: UserId) -> MemberData:
        return self._known(user_id)

    async def exported(self, user_id: UserId, cause: Cause) -> None:
        self._remark(user_id, "exported", cause)

    async def erase(self, user_id: UserId, pseudonym: UserId, *, cause: Cause, judge: Judge) -> Erasure:
        data = self._known(user_id)
        if data.is_empty:
            return Erasure()
        judge(data)
        self._forget_records(data, pseudonym)
        self._forget_traces(data, pseudonym)
        self._remark(pseudonym, "erased", cause)
        return Erasure(pseudonym=pseudonym, payments=len(data.payments), mails=len(data.mails), events=len(data.events))

    def _known(self, user_id: UserId) -> MemberData:
        payments = [payment for payment in self._store.payments() if payment.user_id == user_id]
        ids = {payment.id for payment in payments}
        intents = {payment.payment_intent_id for payment in payments} - {None}
        invoices = {invoice.payment_id: invoice for invoice in self._store.invoices()}
        audit = [row for row in self._store.audit if row.entity_id in {user_id, *map(str, ids)}]
        data = MemberData(
            user_id=user_id,
            customer=cast("Customer | None", self._value(Customer, user_id)),
            subscription=cast("Subscription | None", self._value(Subscription, user_id))
            or Subscription(user_id=user_id),
            payments=tuple(PaymentRecord(payment=one, invoice=invoices.get(one.id)) for one in payments),
            refunds=tuple(one for one in self._store.refunds() if one.payment_intent_id in intents),
            disputes=tuple(one for one in self._store.disputes() if one.payment_intent_id in intents),
            mails=tuple(mail for mail in self._store.mails() if mail.payment_id in ids),
            audit=tuple(record_of(row) for row in audit),
        )
        caused = {row.cause.event_id for row in audit}
        names = [f'"{name}"'.encode() for name in data.names]
        events = [
            event
            for event in self._store.events()
            if event.id in caused or any(name in (event.body or b"") for name in names)
        ]
        subjects = {*map(str, ids), *intents, *(event.id for event in events)}
        jobs = [row.record() for row in self._store.jobs.rows if row.job.subject.partition(":")[0] in subjects]
        return replace(data, events=tuple(events), jobs=tuple(jobs))

    def _value(self, kind: type, key: str) -> object:
        row = self._store.rows.get((kind, key))
        return row.value if row is not None else None

    def _forget_records(self, data: MemberData, pseudonym: UserId) -> None:
        for one in data.payments:
            self._store.put((Payment, one.payment.id), replace(one.payment, user_id=pseudonym))
            if one.invoice is not None:
                self._store.put((Invoice, one.payment.id), replace(one.invoice, hosted_url=None, pdf_url=None))
        if self._store.rows.pop((Subscription, data.user_id), None) is not None:
            self._store.put((Subscription, pseudonym), replace(data.subscription, user_id=pseudonym))
        if self._store.rows.pop((Customer, data.user_id), None) is not None and data.customer is not None:
            nobody = Customer(user_id=pseudonym, email="", name="", locale=data.customer.locale)
            self._store.put((Customer, pseudonym), replace(nobody, attempt=data.customer.attempt))

    def _forget_traces(self, data: MemberData, pseudonym: UserId) -> None:
        ids = {one.payment.id for one in data.payments}
        for checkout in self._store.checkouts():
            if checkout.payment_id in ids:
                self._store.put((Checkout, checkout.payment_id), replace(checkout, request=None, url=None))
        for mail in data.mails:
            self._store.put((Mail, mail.key), replace(mail, letter=NOTHING))
        for event in data.events:
            self._store.put((StoredEvent, event.id), replace(event, body=None, error=None))
        for row in self._store.jobs.rows:
            if row.id in {job.id for job in data.jobs}:
                row.last_error = None
        for key in cast("list[KeptKey]", self._store.all(KeptKey)):
            if key.claim.user_id == data.user_id:
                del self._store.rows[key.where]
        entities = {data.user_id, *map(str, ids)}
        self._store.audit[:] = [
            without(row, data.user_id, pseudonym) if row.entity_id in entities else row for row in self._store.audit
        ]

    def _remark(self, user_id: UserId, what: str, cause: Cause) -> None:
        now = self._store.clock.now()
        self._store.audit.append(
            AuditRow(at=now, entity="member", entity_id=user_id, from_status=None, to_status=what, cause=cause)
        )


def record_of(row: AuditRow) -> AuditRecord:
    """A row of the audit as it is read."""
    return AuditRecord(
        at=row.at,
        entity=row.entity,
        entity_id=row.entity_id,
        from_status=row.from_status,
        to_status=row.to_status,
        why=row.cause.why,
        actor=row.cause.actor,
    )


def without(row: AuditRow, user_id: UserId, pseudonym: UserId) -> AuditRow:
    """A row of the audit that names a pseudonym."""
    own = row.cause.actor == f"member:{user_id}"
    cause = replace(
        row.cause,
        actor=f"member:{pseudonym}" if own else row.cause.actor,
        why="erased" if row.entity == "member" else row.cause.why,
    )
    return replace(row, entity_id=pseudonym if row.entity_id == user_id else row.entity_id, cause=cause)


class MemoryCustomerRecords:
    """The port ProviderCustomers."""

    def __init__(self, gateway: MemoryGateway) -> None:
        self._gateway = gateway

    async def find(self, request: PreparedRequest) -> str | None:
        return await self._gateway.find_customer(request)

    async def delete(self, customer_id: str) -> None:
        await self._gateway.called("delete_customer")
        self._gateway.customers.pop(customer_id, None)
