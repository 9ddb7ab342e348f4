"""The SQL text that is sent is the text that the declared tables and queries compile to."""

import asyncpg
import pytest
from sqlalchemy import bindparam, select

from adapters.postgres import queries
from adapters.postgres.statements import SQL_FILE, STATEMENTS, read_statements, written


def test_the_file_of_statements_is_what_the_queries_compile_to() -> None:
    compiled = written([queries.compiled(name) for name in queries.QUERIES])

    assert compiled == SQL_FILE.read_text(encoding="ascii"), "run `make sql`"


def test_reading_gives_back_what_was_written() -> None:
    again = read_statements(written(STATEMENTS.values()))

    assert {name: vars(statement) for name, statement in STATEMENTS.items()} == {
        name: vars(statement) for name, statement in again.items()
    }


def test_a_constant_that_would_become_a_parameter_is_refused() -> None:
    payments = queries.money.payments
    name = "payments.with_a_constant"
    queries.query(name, select(payments).where(payments.c.id == bindparam("the_id"), payments.c.status == "PENDING"))

    try:
        with pytest.raises(ValueError, match="constants as parameters"):
            queries.compiled(name)
    finally:
        del queries.QUERIES[name]


ALONE = "events.strip"
"""Changes many rows of its own choice, in a transaction of its own."""

NOTED = [
    name for name, one in STATEMENTS.items() if one.sql.startswith(("INSERT", "UPDATE", "SELECT 1\n")) and name != ALONE
]


@pytest.mark.parametrize("name", NOTED)
async def test_what_is_gathered_for_a_commit_has_a_form_for_several_rows_that_postgres_takes(
    name: str, database_url: str
) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        taken = (await connection.prepare(STATEMENTS[name].of_several().sql)).get_parameters()
    finally:
        await connection.close()

    assert len(STATEMENTS[name].names) == len(taken)
    assert all(kind.name.endswith("[]") for kind in taken)
