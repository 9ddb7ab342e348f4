"""Compile every query into the file of statements."""

from adapters.postgres.queries import QUERIES, compiled
from adapters.postgres.statements import SQL_FILE, written

SQL_FILE.write_text(written([compiled(name) for name in QUERIES]), encoding="ascii")
