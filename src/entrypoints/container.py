"""The composition root: the only place that knows which adapter stands behind which port.

Nothing here is asynchronous. What must be closed registers itself on `closing`, which the process enters and leaves.
"""

from dependency_injector import containers, providers

from adapters import ids
from adapters.catalogue import load_catalogue
from adapters.clock import SystemClock
from adapters.gathering import Together
from adapters.postgres.bell import PostgresBell
from adapters.postgres.counts import PostgresCounts
from adapters.postgres.database import open_database
from adapters.postgres.entitlements import PostgresEntitlements
from adapters.postgres.history import PostgresBillingHistory
from adapters.postgres.idempotency import PostgresIdempotencyKeys
from adapters.postgres.invariants import PostgresInvariants
from adapters.postgres.jobs import PostgresJobQueue
from adapters.postgres.kept import PostgresKeptEvents, PostgresKnownJobs, PostgresRetention
from adapters.postgres.members import PostgresMembers
from adapters.postgres.open_returns import PostgresOpenReturns, PostgresReturnedCharges
from adapters.postgres.schema import PostgresReadiness
from adapters.postgres.story import PostgresStories
from adapters.postgres.tallies import PostgresTallies
from adapters.postgres.turns import PostgresTurns
from adapters.postgres.under_review import PostgresUnderReview
from adapters.postgres.unfinished import PostgresUnfinished
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from adapters.stripe.events import StripeEventReader
from adapters.stripe.gateway import open_gateway
from adapters.stripe.members import StripeCustomerRecords
from adapters.stripe.records import StripeRecords
from application.adopt_checkout import AdoptCheckout
from application.cancel_checkout import CancelCheckout
from application.catch_up import CatchUp
from application.check_access import CheckAccess
from application.check_returns import CheckReturns
from application.check_unfinished import CheckUnfinished
from application.collect_invoice import CollectInvoice
from application.collect_returns import CollectReturns
from application.confirm_payment import ConfirmPayment
from application.erase_member import EraseMember
from application.expire_checkout import ExpireCheckout
from application.export_member import ExportMember
from application.fail_payment import FailPayment
from application.finish_customers import FinishCustomers
from application.follow_checkout import FollowCheckout
from application.handle_event import HandleEvent
from application.issue_receipt import IssueReceipt
from application.list_payments import ListPayments
from application.list_plans import ListPlans
from application.open_checkout import OpenCheckout
from application.prune import Prune
from application.rate_limits import RateLimits
from application.receive_event import ReceiveEvent
from application.reconcile import Reconcile
from application.record_returns import RecordReturns
from application.refund_payment import RefundDuplicate, RefundPayment
from application.replay_event import ReplayEvent
from application.retry_event import RetryEvent
from application.review_payments import ReviewPayments
from application.send_confirmation import SendConfirmation
from application.send_letter import SendLetter
from application.send_refund_notice import SendRefundNotice
from application.settle_job import DiscardJob, RetryJob
from application.settle_returns import SettleReturns
from application.share_rate_limits import ShareRateLimits
from application.show_payment import ShowPayment
from application.show_receipt import ShowReceipt
from application.show_standing import ShowStanding
from application.start_checkout import StartCheckout
from entrypoints.late_adapters import (
    Closing,
    choose_mailer,
    choose_tracing,
    choose_words,
    list_outbox,
    report_errors,
    warm_up,
    write_letters,
)
from entrypoints.metrics.exposition import Exposition
from entrypoints.metrics.measures import Measures
from entrypoints.observing import stripe_observer
from entrypoints.settings import Settings


class Container(containers.DeclarativeContainer):
    """The object graph. Tests override providers at construction."""

    settings = providers.Dependency(instance_of=Settings)
    closing = providers.Singleton(Closing)

    clock = providers.Singleton(SystemClock)
    new_id = providers.Object(ids.new_id)
    zone = settings.provided.billing_timezone
    catalogue = providers.Singleton(load_catalogue, settings.provided.pricing_file, settings.provided.currencies)

    measures = providers.Singleton(Measures)
    tracing = providers.Singleton(choose_tracing, closing, settings)
    report_errors = providers.Singleton(report_errors, closing, settings)
    database = providers.Singleton(open_database, closing, settings.provided.database_url, measures)
    bell = providers.Singleton(PostgresBell, database)
    begin = providers.Factory(PostgresUnitOfWork, database, bell.provided.ring)
    history = providers.Singleton(PostgresBillingHistory, database)
    unfinished = providers.Singleton(PostgresUnfinished, database)
    open_returns = providers.Singleton(PostgresOpenReturns, database)
    returned_charges = providers.Singleton(PostgresReturnedCharges, database)
    under_review = providers.Singleton(PostgresUnderReview, database)
    entitlements = providers.Singleton(PostgresEntitlements, database)
    readiness = providers.Singleton(PostgresReadiness, database)
    queue = providers.Singleton(PostgresJobQueue, database)
    counts = providers.Singleton(PostgresCounts, database)
    exposition = providers.Singleton(Exposition, measures=measures, counts=counts, clock=clock)
    invariants = providers.Factory(PostgresInvariants, database)
    kept_events = providers.Singleton(PostgresKeptEvents, database)
    stories = providers.Singleton(PostgresStories, database)
    known_jobs = providers.Singleton(PostgresKnownJobs, database)
    retention = providers.Singleton(PostgresRetention, database)
    idempotency_keys = providers.Singleton(PostgresIdempotencyKeys, database)

    turns = providers.Singleton(PostgresTurns, database)
    tallies = providers.Singleton(PostgresTallies, database)
    rate_limits = providers.Singleton(RateLimits, clock=clock, quotas=settings.provided.rate_limits)
    share_rate_limits = providers.Singleton(
        ShareRateLimits, limits=rate_limits, tallies=tallies, clock=clock, new_id=new_id
    )

    gateway = providers.Singleton(
        open_gateway,
        closing,
        secret_key=settings.provided.stripe_secret_key,
        api_base=settings.provided.stripe_api_base,
        app_url=settings.provided.app_url,
        observe=providers.Callable(stripe_observer, measures, tracing),
    )
    warm_up = providers.Callable(warm_up, gateway)
    reader = providers.Singleton(
        StripeEventReader, secrets=settings.provided.stripe_webhook_secrets, live=settings.provided.live
    )
    mailer = providers.Singleton(choose_mailer, settings, measures, tracing)
    outbox = providers.Callable(list_outbox, settings)
    wording = providers.Singleton(choose_words, settings)
    letters = providers.Singleton(write_letters, wording)

    gather = providers.Object(Together)

    record_returns = providers.Singleton(RecordReturns, clock=clock, zone=zone)
    confirm_payment = providers.Singleton(
        ConfirmPayment, begin=begin.provider, returns=record_returns, clock=clock, new_id=new_id, zone=zone
    )
    expire_checkout = providers.Singleton(ExpireCheckout, begin=begin.provider, clock=clock)
    fail_payment = providers.Singleton(FailPayment)
    handle_event = providers.Singleton(
        HandleEvent, confirm=confirm_payment, expire=expire_checkout, fail=fail_payment, returns=record_returns
    )
    receive_event = providers.Singleton(
        ReceiveEvent, begin=begin.provider, reader=reader, handle=handle_event, clock=clock, gather=gather
    )
    retry_event = providers.Singleton(
        RetryEvent, begin=begin.provider, reader=reader, handle=handle_event, gateway=gateway, confirm=confirm_payment
    )
    replay_event = providers.Singleton(
        ReplayEvent, begin=begin.provider, reader=reader, handle=handle_event, clock=clock
    )
    retry_job = providers.Singleton(RetryJob, begin=begin.provider, jobs=known_jobs, clock=clock)
    discard_job = providers.Singleton(DiscardJob, begin=begin.provider, jobs=known_jobs, clock=clock)
    prune = providers.Singleton(
        Prune,
        retention=retention,
        clock=clock,
        body_days=settings.provided.event_body_days,
        event_days=settings.provided.event_id_days,
        job_days=settings.provided.job_days,
    )
    open_checkout = providers.Singleton(
        OpenCheckout,
        begin=begin.provider,
        gateway=gateway,
        clock=clock,
        checkout_minutes=settings.provided.checkout_ttl_minutes,
    )
    start_checkout = providers.Singleton(
        StartCheckout,
        begin=begin.provider,
        gateway=gateway,
        open_checkout=open_checkout,
        confirm=confirm_payment,
        expire=expire_checkout,
        catalogue=catalogue,
        clock=clock,
        new_id=new_id,
        renewal_window_days=settings.provided.renewal_window_days,
    )
    check_unfinished = providers.Singleton(
        CheckUnfinished,
        begin=begin.provider,
        unfinished=unfinished,
        gateway=gateway,
        confirm=confirm_payment,
        expire=expire_checkout,
        clock=clock,
        checkout_minutes=settings.provided.checkout_ttl_minutes,
    )
    records = providers.Singleton(StripeRecords, gateway)
    catch_up = providers.Singleton(
        CatchUp,
        begin=begin.provider,
        records=records,
        reader=reader,
        receive=receive_event,
        confirm=confirm_payment,
        returns=record_returns,
        clock=clock,
    )
    finish_customers = providers.Singleton(
        FinishCustomers, begin=begin.provider, unfinished=unfinished, gateway=gateway, clock=clock
    )
    collect_returns = providers.Singleton(
        CollectReturns, begin=begin.provider, gateway=gateway, record=record_returns, clock=clock
    )
    check_returns = providers.Singleton(
        CheckReturns, begin=begin.provider, open_returns=open_returns, collect=collect_returns, clock=clock
    )
    settle_returns = providers.Singleton(
        SettleReturns, begin=begin.provider, charges=returned_charges, record=record_returns, clock=clock
    )
    reconcile = providers.Singleton(
        Reconcile, parts=providers.List(settle_returns, check_unfinished, catch_up, finish_customers, check_returns)
    )
    issue_receipt = providers.Singleton(IssueReceipt, begin=begin.provider, clock=clock, zone=zone)
    collect_invoice = providers.Singleton(CollectInvoice, begin=begin.provider, gateway=gateway)
    send_letter = providers.Singleton(SendLetter, begin=begin.provider, mailer=mailer, clock=clock)
    send_confirmation = providers.Singleton(
        SendConfirmation, send=send_letter, letters=letters, catalogue=catalogue, app_url=settings.provided.app_url
    )
    send_refund_notice = providers.Singleton(
        SendRefundNotice, send=send_letter, letters=letters, catalogue=catalogue, app_url=settings.provided.app_url
    )
    refund_payment = providers.Singleton(RefundPayment, begin=begin.provider, gateway=gateway, collect=collect_returns)
    refund_duplicate = providers.Singleton(
        RefundDuplicate, begin=begin.provider, confirm=confirm_payment, collect=collect_returns, refund=refund_payment
    )
    review_payments = providers.Singleton(
        ReviewPayments,
        begin=begin.provider,
        under_review=under_review,
        confirm=confirm_payment,
        refund=refund_payment,
        clock=clock,
    )
    adopt_checkout = providers.Singleton(
        AdoptCheckout,
        begin=begin.provider,
        gateway=gateway,
        confirm=confirm_payment,
        catalogue=catalogue,
        clock=clock,
        renewal_window_days=settings.provided.renewal_window_days,
    )
    list_plans = providers.Singleton(ListPlans, catalogue=catalogue, begin=begin.provider)
    list_payments = providers.Singleton(ListPayments, history=history)
    show_payment = providers.Singleton(ShowPayment, history=history)
    follow_checkout = providers.Singleton(
        FollowCheckout, begin=begin.provider, gateway=gateway, confirm=confirm_payment, clock=clock
    )
    show_standing = providers.Singleton(
        ShowStanding,
        begin=begin.provider,
        follow=follow_checkout,
        catalogue=catalogue,
        clock=clock,
        zone=zone,
        renewal_window_days=settings.provided.renewal_window_days,
    )
    cancel_checkout = providers.Singleton(
        CancelCheckout, begin=begin.provider, gateway=gateway, confirm=confirm_payment, clock=clock
    )
    show_receipt = providers.Singleton(ShowReceipt, begin=begin.provider, catalogue=catalogue)
    members = providers.Singleton(PostgresMembers, database)
    customer_records = providers.Singleton(StripeCustomerRecords, gateway)
    export_member = providers.Singleton(ExportMember, members=members, clock=clock)
    erase_member = providers.Singleton(
        EraseMember, members=members, customers=customer_records, clock=clock, new_id=new_id
    )
    check_access = providers.Singleton(CheckAccess, entitlements=entitlements, clock=clock)
