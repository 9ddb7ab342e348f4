"""Idempotency keys."""

from typing import Final

from sqlalchemy import and_, bindparam, cast, delete, extract, func, literal_column, null, or_, select
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import Double, Interval

from adapters.postgres import tables
from adapters.postgres.queries.kept import days_ago, one_of_these
from adapters.postgres.queries.kit import ONE, query, table
from adapters.postgres.queries.work import in_seconds
from application.ports.idempotency import KEPT_DAYS

keys = table(tables.IdempotencyKeyRow)

LONG_AGO: Final = func.now() - literal_column(f"interval '{KEPT_DAYS} day'", Interval)

named = and_(keys.c.user_id == bindparam("the_user_id"), keys.c.key == bindparam("the_key"))
held = and_(named, keys.c.lease == bindparam("the_lease"), keys.c.status.is_(null()))
new = insert(keys).values(
    {name: bindparam(name) for name in ("user_id", "key", "fingerprint")}
    | {"leased_until": in_seconds("lease_seconds")}
)
free_again = and_(
    keys.c.status.is_(null()), keys.c.leased_until <= func.now(), keys.c.fingerprint == new.excluded.fingerprint
)
query(
    "idempotency_keys.claim",
    new.on_conflict_do_update(
        constraint="uq_idempotency_keys_once",
        set_={
            "fingerprint": new.excluded.fingerprint,
            "lease": keys.c.lease + ONE,
            "leased_until": new.excluded.leased_until,
            "claimed_at": func.now(),
            "status": null(),
            "headers": null(),
            "body": null(),
        },
        where=or_(free_again, keys.c.claimed_at <= LONG_AGO),
    ).returning(keys.c.lease),
)
seconds_left = cast(extract("epoch", keys.c.leased_until - func.now()), Double).label("seconds_left")
query(
    "idempotency_keys.find",
    select(keys.c.fingerprint, keys.c.status, keys.c.headers, keys.c.body, seconds_left).where(named),
)
query(
    "idempotency_keys.keep",
    sql_update(keys)
    .where(held)
    .values(status=bindparam("new_status"), headers=bindparam("new_headers"), body=bindparam("new_body"))
    .returning(keys.c.lease),
    guards="the claim of the idempotency key",
)
query("idempotency_keys.free", sql_update(keys).where(held).values(leased_until=func.now()).returning(keys.c.lease))
query("idempotency_keys.drop", delete(keys).where(held).returning(keys.c.lease))
old = (
    select(keys.c.id)
    .where(keys.c.claimed_at < days_ago())
    .order_by(keys.c.claimed_at)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
query("idempotency_keys.forget", delete(keys).where(one_of_these(keys.c.id, old)).returning(keys.c.id))
