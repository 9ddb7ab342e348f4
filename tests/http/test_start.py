"""What a process imports before it can answer: only what the first request needs."""

import subprocess
import sys

import pytest

HEAVY = ("stripe", "sqlalchemy", "advanced_alchemy", "alembic", "aiohttp", "httpx", "resend", "jinja2", "babel")


@pytest.mark.parametrize(
    ("module", "besides", "needed"),
    [
        ("entrypoints.http.app", set(), set()),
        ("entrypoints.sandbox.app", set(), {"jinja2"}),
        ("entrypoints.worker", {"litestar"}, set()),
        ("entrypoints.cli", {"litestar", "asyncpg"}, set()),
    ],
)
def test_a_start_imports_nothing_that_can_wait(module: str, besides: set[str], needed: set[str]) -> None:
    heavy = sorted({*HEAVY, *besides} - needed)
    code = f"import sys, {module}; print(*[name for name in {heavy!r} if name in sys.modules])"

    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "" == imported.stdout.strip()


def test_what_was_put_off_can_be_imported_later() -> None:
    code = "import entrypoints.http.app, adapters.postgres.tables, alembic; print('fine')"

    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "fine" == imported.stdout.strip()
