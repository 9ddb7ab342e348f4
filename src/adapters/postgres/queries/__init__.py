"""Every statement of the store, in SQLAlchemy Core on the declared tables: the source from which `statements.sql` is compiled.

Importing SQLAlchemy costs each start more than all the rest together, and compiling a statement costs a request more than sending
it. So it is done beforehand, by `make sql`; a test fails when the text is not what these queries compile to.
"""

from adapters.postgres.queries import counts, idempotency, kept, money, tallies, turns, work
from adapters.postgres.queries.kit import QUERIES, compiled, query

__all__ = ["QUERIES", "compiled", "counts", "idempotency", "kept", "money", "query", "tallies", "turns", "work"]
