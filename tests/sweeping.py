"""A database is emptied for the next test, once what it holds has been looked through: that is faster than a new database."""

import asyncpg

from adapters.postgres import schema
from canaries import ERRORS, WATCH

EMPTY = f"""
    DO $$ DECLARE found record; BEGIN
        SET LOCAL session_replication_role = replica;  -- no trigger refuses, no foreign key asks for an order
        FOR found IN SELECT oid::regclass AS name, reltuples FROM pg_class
                      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                        AND relname NOT IN ('{schema.VERSION_TABLE}', 'installation')
        LOOP
            -- A few rows are gone sooner one by one; what has been counted was many, and the count must not outlive them.
            IF found.reltuples > 0 THEN EXECUTE 'TRUNCATE ' || found.name || ' CASCADE';
            ELSE EXECUTE 'DELETE FROM ' || found.name;
            END IF;
        END LOOP;
        FOR found IN SELECT oid::regclass AS name FROM pg_class
                      WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
        LOOP
            EXECUTE 'ALTER SEQUENCE ' || found.name || ' RESTART';
        END LOOP;
    END $$
"""


async def sweep(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Leave the schema and nothing in it. Fails where a stored error gives something away."""
    WATCH.look("a job or an event", *(row["error"] for row in await connection.fetch(ERRORS)))
    await connection.execute(EMPTY)
