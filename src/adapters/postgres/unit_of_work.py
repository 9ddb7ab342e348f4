"""The unit of work over Postgres, and what it gives access to."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from adapters.postgres.database import Database
from adapters.postgres.foresight import foreseen
from adapters.postgres.idempotency import PostgresAnswers
from adapters.postgres.inbox import PostgresInbox
from adapters.postgres.jobs import PostgresWorkJobs
from adapters.postgres.payments import PostgresPayments
from adapters.postgres.records import Record, Records
from adapters.postgres.returns import PostgresReturns
from adapters.postgres.rows import checkout_of, customer_of, invoice_of, mail_columns, mail_of, plain_columns
from adapters.postgres.statements import STATEMENTS
from adapters.postgres.subscriptions import PostgresSubscriptions
from adapters.postgres.transaction import PostgresTransaction, Write
from application.ports.gateway import ProviderEvent
from application.ports.installation import InstallationId
from application.ports.store import Customer, Mail
from domain.checkout import Checkout
from domain.invoice import Invoice
from domain.member import UserId
from domain.payment import PaymentId

CUSTOMERS: Final = Record("customers", "user_id", value_of=customer_of, columns=plain_columns)
CHECKOUTS: Final = Record("checkouts", "payment_id", value_of=checkout_of, columns=plain_columns)
INVOICES: Final = Record("invoices", "payment_id", value_of=invoice_of, columns=plain_columns)
MAILS: Final = Record("mails", "key", value_of=mail_of, columns=mail_columns)

NEXT_SEQUENCE: Final = STATEMENTS["receipt_counters.next"]
REFUSED_CURRENCIES: Final = STATEMENTS["refused_currencies.all"]
INSTALLATION: Final = STATEMENTS["installation.id"]
CURSOR: Final = STATEMENTS["cursors.of"]
SAVE_CURSOR: Final = STATEMENTS["cursors.save"]
REFUSE_CURRENCY: Final = STATEMENTS["refused_currencies.add"]


class PostgresUnitOfWork(PostgresTransaction):
    """One transaction with everything that is stored at hand."""

    def __init__(self, database: Database, ring: Callable[[], None] | None = None) -> None:
        """ring: tells workers of jobs that are due at once, after the commit."""
        super().__init__(database)
        self.payments = PostgresPayments(self)
        self.subscriptions = PostgresSubscriptions(self)
        self.customers = PostgresCustomers(self)
        self.checkouts = PostgresCheckouts(self)
        self.invoices = PostgresInvoices(self)
        self.returns = PostgresReturns(self)
        self.inbox = PostgresInbox(self)
        self.mails = PostgresMails(self)
        self.jobs = PostgresWorkJobs(self, ring)
        self.refused_currencies = PostgresRefusedCurrencies(self)
        self.cursors = PostgresCursors(self)
        self.installation = PostgresInstallation(self, database)
        self.answers = PostgresAnswers(self)

    async def foresee(self, events: Sequence[ProviderEvent]) -> None:
        """Read ahead what handling events of checkouts asks for."""
        for found in await foreseen(self, events):
            self.inbox.foresee(found.event.id, known=found.known)
            if found.payment is not None:
                self.payments.foresee(found.session, found.payment)
                self.subscriptions.foresee(UserId(found.payment["user_id"]), found.subscription)
            if found.session.payment_intent_id is not None and not found.went_back:
                self.returns.foresee_none(found.session.payment_intent_id)


class PostgresInstallation:
    """The port Installation. The id never changes: it is asked for once in a process."""

    def __init__(self, transaction: PostgresTransaction, database: Database) -> None:
        self._transaction = transaction
        self._database = database

    async def id(self) -> InstallationId:
        known = self._database.installation
        if known is None:
            row = await self._transaction.row(INSTALLATION, {})
            if row is None:
                raise RuntimeError(
                    "the row that the migration 0008 made is gone: INSERT INTO installation DEFAULT VALUES"
                )
            known = self._database.installation = InstallationId(row["id"].hex)
        return known


class PostgresCustomers:
    """The port Customers."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._records = Records[Customer](transaction, CUSTOMERS)

    async def of(self, user_id: UserId) -> Customer | None:
        return await self._records.find(user_id)

    def save(self, customer: Customer) -> None:
        self._records.save(customer)


class PostgresCheckouts:
    """The port Checkouts."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._records = Records[Checkout](transaction, CHECKOUTS)

    async def of(self, payment_id: PaymentId) -> Checkout | None:
        return await self._records.find(payment_id)

    def save(self, checkout: Checkout) -> None:
        self._records.save(checkout)


class PostgresInvoices:
    """The port Invoices."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction
        self._records = Records[Invoice](transaction, INVOICES)

    async def of(self, payment_id: PaymentId) -> Invoice | None:
        return await self._records.find(payment_id)

    def save(self, invoice: Invoice) -> None:
        self._records.save(invoice)

    async def next_sequence(self, year: int) -> int:
        row = await self._transaction.row(NEXT_SEQUENCE, {"year": year})
        if row is None:
            raise RuntimeError("the receipt counter gave no number")
        return int(row["last"])


class PostgresMails:
    """The port Mails."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._records = Records[Mail](transaction, MAILS)

    async def of(self, key: str) -> Mail | None:
        return await self._records.find(key)

    def save(self, mail: Mail) -> None:
        self._records.save(mail)


class PostgresRefusedCurrencies:
    """The port RefusedCurrencies."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction

    async def all(self) -> frozenset[str]:
        row = await self._transaction.row(REFUSED_CURRENCIES, {})
        return frozenset((row["currencies"] if row else None) or ())

    def add(self, currency: str, reason: str, at: datetime) -> None:
        values = {"currency": currency, "reason": reason, "refused_at": at}
        self._transaction.note_first(("refused_currencies", currency), Write(REFUSE_CURRENCY, values))


class PostgresCursors:
    """The port Cursors."""

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction

    async def of(self, name: str) -> datetime | None:
        row = await self._transaction.row(CURSOR, {"name": name})
        return row["at"] if row is not None else None

    def save(self, name: str, at: datetime) -> None:
        self._transaction.note(("cursors", name), Write(SAVE_CURSOR, {"name": name, "at": at}))
