"""What workers, sweeps and operators ask."""

from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.ids import first_id_at
from adapters.postgres.jobs import ERROR_LENGTH_MAX
from adapters.postgres.kept import ALWAYS, NEVER
from adapters.postgres.members import QUERIES as OF_MEMBER
from adapters.postgres.statements import STATEMENTS
from adapters.postgres.story import QUERIES as STORY
from adapters.postgres.story import uuid_of
from adapters.postgres.unfinished import BEGINNING
from application.check_unfinished import PAGE_SIZE
from application.ports.jobs import JobKind
from application.prune import BATCH
from bench.growth.asked import Question, Values
from bench.growth.sample import Sample
from bench.growth.wording import question, saved

KINDS: Final = sorted(kind.value for kind in JobKind)
LISTED: Final = 50
MORE: Final = "reads up to so many of what there is, and there is more"
EARLY: Final = datetime(1, 1, 1, tzinfo=UTC)


def jobs() -> list[Question]:
    """What a worker does with a job."""
    return [
        question("jobs.claim", "worker: claim 8 jobs", lambda s: {"kinds": KINDS, "at_most": 8, "lease_seconds": 60.0}),
        question(
            "jobs.reap",
            "worker: take back what was lost",
            lambda s: {"retry_after_seconds": 0.0, "the_error": "lost"[:ERROR_LENGTH_MAX]},
        ),
        question(
            "jobs.of",
            "worker: a job by what it is about",
            lambda s: {"the_kind": "issue_receipt", "the_subject": str(s.one(s.paid)["id"])},
        ),
        question("receipt_counters.next", "receipt: the next number", lambda s: {"year": s.now.year}),
        question("invoices.find", "receipt: the invoice data", lambda s: {"the_key": s.one(s.paid)["id"]}),
        saved(
            "receipt: all that is saved",
            (
                "jobs.enqueue",
                lambda s: {
                    "kind": "send_confirmation",
                    "subject": str(s.id()),
                    "delay_seconds": 0.0,
                    "attempts_max": 120,
                },
            ),
            name="commit of a receipt",
        ),
        question(
            "mails.find", "letter: was it sent, locked", lambda s: {"the_key": f"confirmation/{s.one(s.paid)['id']}"}
        ),
    ]


def sweeps() -> list[Question]:
    """What is gone through by the clock."""

    def deep(sample: Sample) -> dict[str, object]:
        one = sample.pending[len(sample.pending) // 2]
        return {"after_created_at": one["created_at"], "after_id": one["id"], "limit": PAGE_SIZE}

    return [
        question(
            "payments.unfinished",
            "sweep of unfinished checkouts: first page",
            lambda s: {"after_created_at": BEGINNING[0], "after_id": BEGINNING[1], "limit": PAGE_SIZE},
            grows=MORE,
        ),
        question("payments.unfinished", "sweep of unfinished checkouts: from the middle", deep),
        question(
            "customers.unmade",
            "sweep of customers in the making",
            lambda s: {"since": s.now - timedelta(days=2), "until": s.now},
        ),
        question(
            "returns.open",
            "sweep of open refunds and disputes",
            lambda s: {"made_until": s.now, "after_created_at": EARLY, "after_id": "", "at_most": PAGE_SIZE},
            grows=MORE,
        ),
        question(
            "returns.charges",
            "sweep of all that went back: a page",
            lambda s: {"after": s.one(s.refunds)["payment_intent_id"], "at_most": 500},
        ),
        question("events.strip", "retention: bodies of events", lambda s: {"days": 89.0, "at_most": BATCH}, grows=MORE),
        question("events.forget", "retention: events", lambda s: {"days": 399.0, "at_most": BATCH}, grows=MORE),
        question("jobs.forget", "retention: retries of events", lambda s: {"days": 29.0, "at_most": BATCH}, grows=MORE),
        question(
            "idempotency_keys.forget", "retention: answers", lambda s: {"days": 0.9, "at_most": BATCH}, grows=MORE
        ),
        question("counts.waiting", "metrics: unfinished payments", lambda s: {}, grows="counts them"),
        question(
            "counts.begun",
            "metrics: payments of an hour",
            lambda s: {"first_id": first_id_at(s.now - timedelta(hours=1)), "at_most": 100_000},
        ),
        question("counts.jobs", "metrics: jobs", lambda s: {}, grows=MORE),
        question("counts.events", "metrics: parked events", lambda s: {}, grows="counts them"),
    ]


def events_page(what: str, **changes: object) -> Question:
    """`payments events list`, narrowed in some way."""
    every = {
        "state": None,
        "whole": True,
        "type": None,
        "since": ALWAYS,
        "before_received_at": NEVER,
        "before_id": "",
        "at_most": LISTED,
    }
    return question("events.page", f"operator: events, {what}", lambda s: every | changes, grows=MORE)


def lists() -> list[Question]:
    """What operators list."""

    def deep(sample: Sample) -> dict[str, object]:
        one = sample.one(sample.events_seen)
        return {"before_received_at": one["received_at"], "before_id": one["id"]}

    page = events_page("a page from anywhere")
    statement = STATEMENTS["events.page"]
    every = {"state": None, "whole": True, "type": None, "since": ALWAYS, "at_most": LISTED}
    return [
        events_page("the newest"),
        Question(
            name=page.name,
            what=page.what,
            sql=page.sql,
            values=lambda s: statement.arguments(every | deep(s)),
            known_to_grow=MORE,
        ),
        events_page("parked", state="parked"),
        events_page("given up", state="parked", whole=False),
        question("events.one", "operator: an event", lambda s: {"the_id": s.chance.choice(s.events)}),
        question(
            "audit.of_event", "operator: what an event changed", lambda s: {"the_id": s.one(s.handled)["event_id"]}
        ),
        question(
            "jobs.page",
            "operator: dead jobs",
            lambda s: {"state": "dead", "kind": None, "before_id": None, "at_most": LISTED},
        ),
        question(
            "jobs.page",
            "operator: done jobs",
            lambda s: {"state": "done", "kind": None, "before_id": None, "at_most": LISTED},
        ),
        question(
            "jobs.page",
            "operator: dead jobs of a kind",
            lambda s: {"state": "dead", "kind": "retry_event", "before_id": None, "at_most": LISTED},
        ),
        question("payments.under_review", "operator: money under review", lambda s: {}, grows=MORE),
    ]


ALL_JOBS = (
    "looks through all jobs by the first part of their subject: a night's work must not cost every webhook an index"
)


def stories() -> list[Question]:
    """What operators look for, by each word that they may have in hand."""

    def about(what: str, word: object) -> Question:
        def values(sample: Sample) -> Values:
            text = str(word(sample)) if callable(word) else str(word)
            return [text, uuid_of(text), 10]

        return Question(
            name="story.about",
            what=f"operator: payments by {what}",
            sql=STORY["about"],
            values=values,
            known_to_grow="one statement for any word: it looks through the customers and the invoices",
        )

    return [
        about("id", lambda s: s.one(s.paid)["id"]),
        about("member", lambda s: s.one(s.paid)["user_id"]),
        Question(
            name="story.about",
            what="operator: payments by member, ten of them",
            sql=STORY["about"],
            values=lambda s: [s.one(s.paid)["user_id"], None, 10],
            of_big=lambda s: [s.big_user, None, 10],
            known_to_grow="sorts all payments of one member",
        ),
        about("e-mail", lambda s: s.one(s.customers)["email"]),
        about("session", lambda s: s.one(s.paid)["checkout_session_id"]),
        about("receipt", lambda s: s.one(s.invoices)["number"]),
        about("event", lambda s: s.one(s.handled)["event_id"]),
        about("refund", lambda s: s.one(s.refunds)["id"]),
        Question(
            name="story.moments",
            what="operator: all that happened to a payment",
            sql=STORY["moments"],
            values=lambda s: [s.one(s.paid)["id"]],
            of_big=lambda s: [s.one(s.big_payments)["id"]],
            known_to_grow=ALL_JOBS,
        ),
    ]


def erasures() -> list[Question]:
    """What is looked up before a member is given a copy of their data, or is erased."""
    bodies = "reads the bodies of all events of EVENT_BODY_DAYS"
    return [
        Question(
            name="members.jobs",
            what="erasure: the jobs of a member",
            sql=OF_MEMBER["jobs"],
            values=lambda s: [[str(s.one(s.paid)["id"]), s.one(s.paid)["payment_intent_id"]]],
            known_to_grow=ALL_JOBS,
        ),
        Question(
            name="members.audit",
            what="erasure: the audit of a member",
            sql=OF_MEMBER["audit"],
            values=lambda s: [[s.one(s.paid)["user_id"], str(s.one(s.paid)["id"])]],
        ),
        Question(
            name="members.events",
            what="erasure: the events of a member",
            sql=OF_MEMBER["events"],
            values=lambda s: [[s.one(s.handled)["event_id"]], [f'"{s.one(s.paid)["user_id"]}"'.encode()]],
            known_to_grow=bodies,
        ),
    ]
