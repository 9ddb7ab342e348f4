"""Each adapter of what is stored assigned to its port. Nothing here runs: the type checker reads it.

It finds an adapter that no longer fits. The container would not tell: it hides what it wires from the type checker.
"""

from typing import NamedTuple

from adapters.memory.counts import MemoryCounts
from adapters.memory.history import (
    MemoryBillingHistory,
    MemoryEntitlements,
    MemoryOpenReturns,
    MemoryReadiness,
    MemoryReturnedCharges,
    MemoryUnderReview,
    MemoryUnfinished,
)
from adapters.memory.idempotency import MemoryAnswers, MemoryIdempotencyKeys
from adapters.memory.jobs import MemoryJobs
from adapters.memory.kept import MemoryKeptEvents, MemoryKnownJobs, MemoryRetention
from adapters.memory.members import MemoryMembers
from adapters.memory.store import MemoryStore
from adapters.memory.tallies import MemoryTallies
from adapters.memory.turns import MemoryTurns
from adapters.memory.unit_of_work import (
    MemoryCheckouts,
    MemoryCursors,
    MemoryCustomers,
    MemoryInbox,
    MemoryInstallation,
    MemoryInvoices,
    MemoryMails,
    MemoryPayments,
    MemoryRefusedCurrencies,
    MemoryReturns,
    MemorySubscriptions,
    MemoryUnitOfWork,
)
from adapters.memory.work_jobs import MemoryWorkJobs
from adapters.memory.world import MemoryClock
from adapters.postgres.bell import PostgresBell
from adapters.postgres.counts import PostgresCounts
from adapters.postgres.database import Database
from adapters.postgres.entitlements import PostgresEntitlements
from adapters.postgres.history import PostgresBillingHistory
from adapters.postgres.idempotency import PostgresAnswers, PostgresIdempotencyKeys
from adapters.postgres.inbox import PostgresInbox
from adapters.postgres.invariants import PostgresInvariants
from adapters.postgres.jobs import PostgresJobQueue, PostgresWorkJobs
from adapters.postgres.kept import PostgresKeptEvents, PostgresKnownJobs, PostgresRetention
from adapters.postgres.members import PostgresMembers
from adapters.postgres.open_returns import PostgresOpenReturns, PostgresReturnedCharges
from adapters.postgres.payments import PostgresPayments
from adapters.postgres.returns import PostgresReturns
from adapters.postgres.schema import PostgresReadiness
from adapters.postgres.story import PostgresStories
from adapters.postgres.subscriptions import PostgresSubscriptions
from adapters.postgres.tallies import PostgresTallies
from adapters.postgres.turns import PostgresTurns
from adapters.postgres.under_review import PostgresUnderReview
from adapters.postgres.unfinished import PostgresUnfinished
from adapters.postgres.unit_of_work import (
    PostgresCheckouts,
    PostgresCursors,
    PostgresCustomers,
    PostgresInstallation,
    PostgresInvoices,
    PostgresMails,
    PostgresRefusedCurrencies,
    PostgresUnitOfWork,
)
from application.ports.counts import Counts
from application.ports.idempotency import Answers, IdempotencyKeys
from application.ports.installation import Installation
from application.ports.jobs import JobBell, JobQueue, Jobs
from application.ports.privacy import Members
from application.ports.reads import (
    BillingHistory,
    Entitlements,
    Invariants,
    KeptEvents,
    KnownJobs,
    OpenReturns,
    Readiness,
    ReturnedCharges,
    Stories,
    UnderReview,
    Unfinished,
)
from application.ports.retention import Retention
from application.ports.store import (
    Checkouts,
    Cursors,
    Customers,
    Inbox,
    Invoices,
    KnownReturns,
    Mails,
    Payments,
    RefusedCurrencies,
    Subscriptions,
    UnitOfWork,
)
from application.ports.tallies import Tallies
from application.ports.turns import Turns


class Store(NamedTuple):
    """All ports of what is stored."""

    unit_of_work: UnitOfWork
    payments: Payments
    subscriptions: Subscriptions
    customers: Customers
    checkouts: Checkouts
    invoices: Invoices
    inbox: Inbox
    mails: Mails
    jobs: Jobs
    refused_currencies: RefusedCurrencies
    queue: JobQueue
    bell: JobBell | None
    history: BillingHistory
    entitlements: Entitlements
    unfinished: Unfinished
    open_returns: OpenReturns
    returned_charges: ReturnedCharges
    under_review: UnderReview
    returns: KnownReturns
    cursors: Cursors
    installation: Installation
    kept_events: KeptEvents
    known_jobs: KnownJobs
    retention: Retention
    answers: Answers
    idempotency_keys: IdempotencyKeys
    tallies: Tallies
    turns: Turns
    readiness: Readiness
    counts: Counts


def stored_in_memory(store: MemoryStore, clock: MemoryClock, work: MemoryUnitOfWork) -> Store:
    """The store in memory."""
    return Store(
        unit_of_work=work,
        payments=MemoryPayments(work),
        subscriptions=MemorySubscriptions(work),
        customers=MemoryCustomers(work),
        checkouts=MemoryCheckouts(work),
        invoices=MemoryInvoices(work),
        inbox=MemoryInbox(work),
        mails=MemoryMails(work),
        jobs=MemoryWorkJobs(work),
        refused_currencies=MemoryRefusedCurrencies(work),
        queue=MemoryJobs(clock),
        bell=None,
        history=MemoryBillingHistory(store),
        entitlements=MemoryEntitlements(store),
        unfinished=MemoryUnfinished(store),
        open_returns=MemoryOpenReturns(store),
        returned_charges=MemoryReturnedCharges(store),
        under_review=MemoryUnderReview(store),
        returns=MemoryReturns(work),
        cursors=MemoryCursors(work),
        installation=MemoryInstallation(work),
        kept_events=MemoryKeptEvents(store),
        known_jobs=MemoryKnownJobs(store),
        retention=MemoryRetention(store),
        answers=MemoryAnswers(work),
        idempotency_keys=MemoryIdempotencyKeys(store),
        tallies=MemoryTallies(clock),
        turns=MemoryTurns(clock),
        readiness=MemoryReadiness(),
        counts=MemoryCounts(store),
    )


def stored_in_postgres(database: Database, work: PostgresUnitOfWork) -> Store:
    """The store in Postgres."""
    return Store(
        unit_of_work=work,
        payments=PostgresPayments(work),
        subscriptions=PostgresSubscriptions(work),
        customers=PostgresCustomers(work),
        checkouts=PostgresCheckouts(work),
        invoices=PostgresInvoices(work),
        inbox=PostgresInbox(work),
        mails=PostgresMails(work),
        jobs=PostgresWorkJobs(work),
        refused_currencies=PostgresRefusedCurrencies(work),
        queue=PostgresJobQueue(database),
        bell=PostgresBell(database),
        history=PostgresBillingHistory(database),
        entitlements=PostgresEntitlements(database),
        unfinished=PostgresUnfinished(database),
        open_returns=PostgresOpenReturns(database),
        returned_charges=PostgresReturnedCharges(database),
        under_review=PostgresUnderReview(database),
        returns=PostgresReturns(work),
        cursors=PostgresCursors(work),
        installation=PostgresInstallation(work, database),
        kept_events=PostgresKeptEvents(database),
        known_jobs=PostgresKnownJobs(database),
        retention=PostgresRetention(database),
        answers=PostgresAnswers(work),
        idempotency_keys=PostgresIdempotencyKeys(database),
        tallies=PostgresTallies(database),
        turns=PostgresTurns(database),
        readiness=PostgresReadiness(database),
        counts=PostgresCounts(database),
    )


def audited(database: Database) -> Invariants:
    """Who holds what is stored against the invariants. The simulation checks the store in memory by its own."""
    return PostgresInvariants(database)


def told(database: Database) -> Stories:
    """Who tells operators what happened. No use case asks."""
    return PostgresStories(database)


def subjects_of_data(store: MemoryStore, database: Database) -> tuple[Members, ...]:
    """Who knows and forgets members."""
    return MemoryMembers(store), PostgresMembers(database)
