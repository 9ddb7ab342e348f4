"""Turns at what one replica does at a time."""

from sqlalchemy import bindparam, func, literal_column
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import Double, Interval

from adapters.postgres import tables
from adapters.postgres.queries.kit import query, table
from adapters.postgres.queries.work import in_seconds

turns = table(tables.TurnRow)

new = insert(turns).values(
    {
        "name": bindparam("name"),
        "holder": bindparam("holder"),
        "taken_at": func.now(),
        "until": in_seconds("lease_seconds"),
    }
)
query(
    "turns.take",
    new.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": new.excluded.holder, "taken_at": new.excluded.taken_at, "until": new.excluded.until},
        where=turns.c.until <= func.now(),
    ).returning(turns.c.holder),
)
held = (turns.c.name == bindparam("the_name"), turns.c.holder == bindparam("the_holder"))
query(
    "turns.keep",
    sql_update(turns).where(*held).values(until=in_seconds("lease_seconds")).returning(turns.c.holder),
)
rested = turns.c.taken_at + bindparam("rest_seconds", type_=Double) * literal_column("interval '1 second'", Interval)
query("turns.end", sql_update(turns).where(*held).values(until=func.greatest(func.now(), rested)))
