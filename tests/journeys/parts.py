"""One command of `payments` as a real process, which a test may stop, kill and start again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import httpx

from canaries import WATCH
from entrypoints.cli.demo import wait_for

PATIENCE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.02
PAYMENTS: Final = (sys.executable, "-m", "entrypoints.cli")
Found = TypeVar("Found")


def eventually(what: str, look: Callable[[], Found], seconds: float = PATIENCE_SECONDS) -> Found:
    """The first answer of `look` that is something; fails when there is none in time."""
    give_up_at = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < give_up_at, f"not so within {seconds:.0f} s: {what}"
        time.sleep(POLL_SECONDS)


def clean_environment(**settings: str) -> dict[str, str]:
    """What a process needs of this one's environment, and the settings given: none that the machine happens to have."""
    kept = {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "PYTHONPATH", "SYSTEMROOT", "USER"}
    return {name: value for name, value in os.environ.items() if name in kept} | settings


class Part:
    """A command and its log, which is kept over restarts. It is ready when `ready_url` answers 200, or when the log says `ready_word`."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        ready_url: str = "",
        ready_word: str = "",
    ) -> None:
        self.log = folder / f"{name}.log"
        self._arguments = arguments
        self._folder = folder
        self._environment = dict(environment)
        self._ready_url = ready_url
        self._ready_word = ready_word
        self._log_begins_at = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return self._ready_url.partition("/health")[0]

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def launch(self) -> None:
        """Start the process without waiting for it."""
        assert not self.runs, f"{self._arguments[0]} runs already"

        WATCH.watch_file(self.log)
        with self.log.open("ab") as file:
            self._log_begins_at = file.tell()
            self.process = subprocess.Popen(
                [*PAYMENTS, *self._arguments],
                cwd=self._folder,
                env=self._environment,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Wait until the process can work."""
        assert self.process is not None

        if self._ready_url:
            wait_for(self._ready_url, self.process)
        else:
            eventually(f"{self.log.name} says {self._ready_word!r}", self._has_said_so)

    def _has_said_so(self) -> bool:
        assert self.runs, f"{self._arguments[0]} has ended:\n{self.said()}"
        return self._ready_word in self.said()

    def start(self) -> None:
        """Start the process and wait until it can work."""
        self.launch()
        self.wait_until_ready()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, and to none of its children."""
        assert self.process is not None
        self.process.send_signal(number)

    def exit_code(self, seconds: float = 10.0) -> int:
        """The exit code, once the process has ended by itself; it has so many seconds."""
        assert self.process is not None
        return self.process.wait(timeout=seconds)

    def stop(self) -> int:
        """Ask the process to stop, and return its exit code."""
        self.signal(signal.SIGTERM)
        return self.exit_code(seconds=30)

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self.signal(signal.SIGKILL)
        self.exit_code()

    def said(self) -> str:
        """What the process has logged since it was started the last time."""
        with self.log.open("rb") as file:
            file.seek(self._log_begins_at)
            return file.read().decode(errors="replace")


def answers(url: str) -> bool:
    """Whether anybody answers at a URL."""
    try:
        httpx.get(url, timeout=2)
    except httpx.TransportError:
        return False
    return True
