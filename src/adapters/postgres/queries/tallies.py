"""What replicas have counted towards the limits of rate."""

from typing import Final

from sqlalchemy import bindparam, delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import BigInteger, Integer, Interval, LargeBinary, Uuid

from adapters.postgres import tables
from adapters.postgres.queries.kit import query, table
from application.ports.tallies import TOLD_SECONDS

tallies = table(tables.RateTallyRow)

JUST_NOW: Final = func.now() - literal_column(f"interval '{TOLD_SECONDS} seconds'", Interval)
LONG_AGO: Final = func.now() - literal_column("interval '1 minute'", Interval)

keys = bindparam("keys", type_=ARRAY(LargeBinary))
replica = bindparam("the_replica", type_=Uuid)
given = select(func.unnest(keys), replica, func.unnest(bindparam("numbers", type_=ARRAY(Integer))), func.now())
telling = insert(tallies).from_select(["key", "replica", "counted", "told_at"], given)
told = telling.on_conflict_do_update(
    index_elements=["key", "replica"], set_={"counted": telling.excluded.counted, "told_at": telling.excluded.told_at}
).cte("told")
query(
    "rate_tallies.exchange",
    select(tallies.c.key, func.sum(tallies.c.counted, type_=BigInteger).label("elsewhere"))
    .where(tallies.c.key == func.any(keys), tallies.c.replica != replica, tallies.c.told_at > JUST_NOW)
    .group_by(tallies.c.key)
    .add_cte(told),
)
old = (
    select(tallies.c.key, tallies.c.replica)
    .where(tallies.c.told_at < LONG_AGO)
    .with_for_update(skip_locked=True)
    .cte("old")
)
query(
    "rate_tallies.forget",
    delete(tallies).where(tallies.c.key == old.c.key, tallies.c.replica == old.c.replica).returning(tallies.c.key),
)
