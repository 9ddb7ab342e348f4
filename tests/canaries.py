"""Nothing that must not be known is ever logged: every test is watched, and fails if it lets any of it out.

Watched are all records of Python's logging, whatever their level, with their tracebacks; and the logs of processes that a test starts.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from adapters.memory.store import MemoryStore

PATTERNS: Final = {
    "an e-mail address": re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,9}[A-Za-z]{2,}"),
    "a key of Stripe": re.compile(r"\b[sr]k_(?:test|live)_\w{4,}"),
    "a webhook secret": re.compile(r"\bwhsec_\w{4,}"),
    "a key of Resend": re.compile(r"\bre_[A-Za-z0-9]{4,32}_\w{4,}"),
    "a token": re.compile(r"\beyJ[\w-]{8,}\.[\w-]+"),
    "an authorization": re.compile(r"\b(?:Bearer|Basic) (?=\S*[\d.])[\w.~+/=-]{8,}"),
    "a password in a URL": re.compile(r"://[^\s/:@]{0,64}:[^\s/@]{1,256}@"),
}
"""What every secret and every address of this service looks like. Refunds of Stripe are called `re_...` too, without a second line."""

NAMES: Final = ("Salma Bennani", "Youssef Alaoui", "Atlas Productions", "of the matrix", "known-to-nobody-else-7319")
"""Names of test members, and the password of the test database: words that no pattern knows."""

PLANTED: Final[set[str]] = set()
"""Secrets that were made while the tests run."""

EXAMPLES: Final = frozenset({"member@example.org", "billing@example.org", "://user:password@"})
"""What our own words to operators name, to show what it looks like."""

NOISE: Final = ("asyncio", "faker", "hypothesis", "httpcore", "httpx", "urllib3", "stripe", "alembic", "playwright")
"""Libraries that say nothing at these levels in the service either, or do not belong to it."""

ERRORS: Final = "SELECT last_error AS error FROM jobs UNION ALL SELECT error FROM events"
"""What jobs and events remember of their failures, in Postgres."""

FORMATTER: Final = logging.Formatter()


def given_away(text: str) -> list[str]:
    """What a text tells that it must not."""
    matches = ((what, match[0]) for what, pattern in PATTERNS.items() for match in pattern.finditer(text))
    found = [f"{what}: {match}" for what, match in matches if match not in EXAMPLES]
    return found + [f"a word that was planted: {word}" for word in (*NAMES, *PLANTED) if word in text]


def plant(*secrets: str | None) -> None:
    """Hold secrets that were made while the tests run for what must not be known."""
    PLANTED.update(filter(None, secrets))


class Watch(logging.Handler):
    """Looks through every record and every file that it is told of. `found` is what was given away, with where."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.found: list[str] = []
        self._files: dict[Path, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Look through one record, with its traceback."""
        self.look(f"the log of {record.name}", FORMATTER.format(record))

    def look(self, where: str, *texts: str | None) -> None:
        """Look through what stands somewhere."""
        self.found += [f"{where} tells {what}\n{text}" for text in texts if text for what in given_away(text)]

    def look_into(self, store: MemoryStore) -> None:
        """Look through what the jobs and events of a store in memory remember of their failures."""
        self.look("a job", *(row.last_error for row in store.jobs.rows))
        self.look("an event", *(event.error for event in store.events()))

    def watch_file(self, path: Path) -> None:
        """Look through what is written to a file from now on."""
        with suppress(FileNotFoundError):
            self._files.setdefault(path, path.stat().st_size)
        self._files.setdefault(path, 0)

    def read_files(self) -> None:
        """Look through what has been written since the last time."""
        for path, length in list(self._files.items()):
            with suppress(FileNotFoundError), path.open("rb") as file:
                file.seek(length)
                written = file.read()
                self._files[path] = length + len(written)
                self.look(path.name, *written.decode(errors="replace").splitlines())


WATCH: Final = Watch()


@contextmanager
def watched() -> Iterator[None]:
    """Raises AssertionError when anything was given away meanwhile."""
    WATCH.found.clear()
    yield
    WATCH.read_files()
    found = list(WATCH.found)
    WATCH.found.clear()

    assert not found, "\n".join(["This must not be known:", *found])


@pytest.fixture(autouse=True)
def nothing_is_given_away() -> Iterator[None]:
    """Fails the test in which something was logged that must not be known."""
    with watched():
        yield


def listen() -> None:
    """Hear every record from now on."""
    root = logging.getLogger()
    root.addHandler(WATCH)
    root.setLevel(logging.DEBUG)
    for name in NOISE:
        logging.getLogger(name).setLevel(logging.WARNING)
