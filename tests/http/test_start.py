"""What a process imports before it can answer: only what the first request needs."""

import subprocess
import sys

import pytest

HEAVY = ("stripe", "sqlalchemy", "advanced_alchemy", "alembic", "aiohttp", "httpx", "resend", "jinja2", "babel")


@pytest.mark.parametrize("module", ["entrypoints.http.app", "entrypoints.worker", "entrypoints.sandbox.app"])
def test_a_start_imports_nothing_that_can_wait(module: str) -> None:
    heavy = [name for name in HEAVY if not (module.endswith("sandbox.app") and name == "jinja2")]
    code = f"import sys, {module}; print(*[name for name in {heavy!r} if name in sys.modules])"

    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "" == imported.stdout.strip()


def test_what_was_put_off_can_be_imported_later() -> None:
    code = "import entrypoints.http.app, adapters.postgres.listing, alembic; print('fine')"

    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "fine" == imported.stdout.strip()
