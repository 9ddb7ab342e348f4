"""The programs that are measured, each as a process of its own."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from bench.events import WEBHOOK_SECRET
from bench.meters import cpu_seconds
from entrypoints.cli.demo import free_port

START_SECONDS_MAX: Final = 60.0
ROOT: Final = Path(__file__).parents[1]
TOKEN_SECRET: Final = secrets.token_hex(32)
STRIPE_KEY: Final = "sk_test_of_the_bench"
APP_URL: Final = "https://pay.example.org"
KEPT: Final = frozenset({"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "USER"})

SERVED: Final = ("-m", "entrypoints.cli", "serve", "--port")
"""How the service ships; the others are served by the same server with its own defaults."""

WORKED: Final = ("-m", "entrypoints.cli", "worker", "--metrics-port")
REFERENCES: Final = {"bare": ("-m", "bench.reference.bare"), "tutorial": ("-m", "bench.reference.tutorial")}


class Program:
    """A server on a port of its own. It has no settings but these: none that the machine happens to have."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.port = free_port()
        self.log = folder / f"{name}.log"
        self._environment = {key: value for key, value in os.environ.items() if key in KEPT} | dict(environment)
        self._command = [sys.executable, *command, str(self.port)]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start it, and wait for nothing."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )

    def start(self) -> None:
        """Start it, and wait until it listens. Raises RuntimeError with its log when it does not."""
        self.spawn()
        give_up_at = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < give_up_at and self.is_running:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise self.fault()

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def fault(self) -> RuntimeError:
        """What to raise when it did not start."""
        return RuntimeError(f"{self.name} does not start:\n{self.log.read_text(errors='replace')}")

    @property
    def pid(self) -> int:
        """Of its process. Raises RuntimeError unless it was started."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far."""
        return cpu_seconds(self.pid)

    def stop(self) -> None:
        """Stop it, and wait until it has ended."""
        if self._process is not None and self.is_running:
            self._process.terminate()
            self._process.wait(timeout=40)


def stub(folder: Path) -> Program:
    """Stripe and Resend, at once."""
    return Program("stub", ("-m", "bench.stub"), folder, {"PYTHONPATH": str(ROOT)})


def service(name: str, folder: Path, database_url: str, stub_url: str) -> Program:
    """The service itself, with the limits of rate off and logs as in production."""
    return Program(name, SERVED, folder, settings_of_service(database_url, stub_url))


def worker(folder: Path, database_url: str, stub_url: str) -> Program:
    """The service's worker, whose mails go to the stand-in of Resend."""
    mails = {"RESEND_API_KEY": "re_of_the_bench", "RESEND_API_BASE": stub_url}
    return Program("worker", WORKED, folder, settings_of_service(database_url, stub_url) | mails)


def settings_of_service(database_url: str, stub_url: str) -> dict[str, str]:
    """The settings of both."""
    limits = ("CHECKOUTS", "REQUESTS", "AUTH_FAILURES", "SIGNATURE_FAILURES")
    return {
        "APP_ENV": "local",
        "APP_URL": APP_URL,
        "DATABASE_URL": database_url,
        "STRIPE_API_BASE": stub_url,
        "STRIPE_SECRET_KEY": STRIPE_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "AUTH_JWT_SECRET": TOKEN_SECRET,
        "LOG_FORMAT": "json",
        **{f"RATE_LIMIT_{name}": "0" for name in limits},
    }


def reference(name: str, folder: Path, database_url: str, stub_url: str) -> Program:
    """A program to compare with."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "APP_URL": APP_URL,
        "DATABASE_URL": database_url,
        "STRIPE_API_BASE": stub_url,
        "STRIPE_SECRET_KEY": STRIPE_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "AUTH_JWT_SECRET": TOKEN_SECRET,
    }
    return Program(name, REFERENCES[name], folder, environment)
