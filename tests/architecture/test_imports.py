"""The import contracts of pyproject.toml are kept, and each of them can fail."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = 6

VIOLATIONS = {
    "Imports point inwards": ("src/application/again.py", "import adapters.ids"),
    "The core knows no framework": ("src/domain/money.py", "import stripe"),
    "Adapters do not know each other": ("src/adapters/memory/world.py", "import adapters.stripe.signature"),
    "Only the container chooses adapters": ("src/entrypoints/worker.py", "import adapters.clock"),
    "Web framework and container stay in the entrypoints": ("src/adapters/clock.py", "import litestar"),
    "The sandbox is a stranger to the service": ("src/entrypoints/sandbox/money.py", "import domain.money"),
}
"""For each contract a file and a line that breaks it."""


def lint_imports(root: Path) -> str:
    """What the linter of imports says of a copy of the project."""
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [program, "--no-cache"], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sources and their contracts, to plant violations in."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_all_import_contracts_are_kept() -> None:
    assert f"Contracts: {CONTRACTS} kept, 0 broken." in lint_imports(ROOT)


def test_every_contract_has_a_violation_to_be_shown_with() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]

    assert set(VIOLATIONS) == {contract["name"] for contract in contracts}
    assert CONTRACTS == len(contracts)


def test_every_contract_can_be_broken(copy: Path) -> None:
    for path, line in VIOLATIONS.values():
        with (copy / path).open("a", encoding="utf-8") as source:
            source.write(f"\n{line}\n")
    said = lint_imports(copy)

    for contract in VIOLATIONS:
        assert f"{contract} BROKEN" in said
    assert f"Contracts: 0 kept, {CONTRACTS} broken." in said
