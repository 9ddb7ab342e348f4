"""What the sources of each layer may do. Every rule is shown to hold, and shown to fail on a planted violation."""

import tomllib
from pathlib import Path

import pytest

from architecture.python_rules import (
    LINES_OF_FILE_MAX,
    LINES_OF_FUNCTION_MAX,
    Sources,
    adapters_without_port,
    imports_beyond,
    reads_of_the_world,
    suppressions_without_reason,
    too_long,
)

ROOT = Path(__file__).parents[2]
TYPED_PORTS = ("tests/architecture/typed_ports.py", "tests/architecture/typed_surroundings.py")


def sources_of(*folders: str, root: Path = ROOT) -> Sources:
    """The Python files below some folders."""
    found = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
    }
    assert found, f"no sources in {folders}"
    return found


def checked_by_mypy(configuration: str, path: str) -> bool:
    """Whether mypy, run without arguments, reads a file."""
    mypy = tomllib.loads(configuration)["tool"]["mypy"]
    return (
        bool(mypy.get("strict"))
        and not mypy.get("exclude")
        and any(path == named or path.startswith(f"{named}/") for named in mypy["files"])
    )


def test_the_domain_imports_only_the_standard_library_and_msgspec() -> None:
    assert [] == imports_beyond(sources_of("src/domain"), {"domain", "msgspec"})


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("import stripe", "stripe"),
        ("from sqlalchemy.orm import Session", "sqlalchemy.orm"),
        ("def later() -> None:\n    import babel", "babel"),
        ("from application.errors import Conflict", "application.errors"),
        ("from . import money", "."),
    ],
)
def test_another_import_in_the_domain_is_found(line: str, module: str) -> None:
    (found,) = imports_beyond({"src/domain/new.py": line}, {"domain", "msgspec"})

    assert found.endswith(f"imports {module}")


def test_allowed_imports_pass() -> None:
    text = "import re\nfrom zoneinfo import ZoneInfo\nfrom msgspec import Struct\nfrom domain.money import Money\n"

    assert [] == imports_beyond({"src/domain/new.py": text}, {"domain", "msgspec"})


def test_the_core_asks_ports_for_time_chance_and_the_machine() -> None:
    assert [] == reads_of_the_world(sources_of("src/domain", "src/application"))


@pytest.mark.parametrize(
    "text",
    [
        "import asyncio",
        "import time",
        "from time import monotonic",
        "import random",
        "from os import environ",
        "now = datetime.now(UTC)",
        "now = datetime.datetime.utcnow()",
        "day = date.today()",
        "id = uuid4()",
        "id = uuid.uuid4()",
        "text = open('prices.toml')",
        "print('paid')",
    ],
)
def test_a_read_of_the_world_in_the_core_is_found(text: str) -> None:
    assert 1 == len(reads_of_the_world({"src/application/new.py": text}))


@pytest.mark.parametrize(
    "text", ["now = clock.now()", "now = self._clock.now()", "from uuid import UUID", "work.opened()"]
)
def test_asking_a_port_passes(text: str) -> None:
    assert [] == reads_of_the_world({"src/application/new.py": text})


def test_files_and_functions_are_short_enough_to_take_in() -> None:
    everything = sources_of("src", "migrations", "bench")

    assert [] == too_long({path: text for path, text in everything.items() if "migrations/versions/" not in path})


def test_tests_are_short_enough_to_take_in() -> None:
    assert [] == too_long(sources_of("tests/domain", "tests/application", "tests/architecture"))


def test_a_long_file_is_found() -> None:
    longest = "pass\n" * LINES_OF_FILE_MAX

    assert [] == too_long({"a.py": longest})
    assert [f"a.py has {LINES_OF_FILE_MAX + 1} lines"] == too_long({"a.py": longest + "pass\n"})


@pytest.mark.parametrize("start", ["def", "async def"])
def test_a_long_function_is_found(start: str) -> None:
    longest = f"{start} act():\n" + "    pass\n" * (LINES_OF_FUNCTION_MAX - 1)

    assert [] == too_long({"a.py": longest})
    assert [f"a.py:1 act has {LINES_OF_FUNCTION_MAX + 1} lines"] == too_long({"a.py": longest + "    pass\n"})


def test_every_check_that_is_switched_off_says_why() -> None:
    assert [] == suppressions_without_reason(sources_of("src", "tests", "migrations", "bench"))


@pytest.mark.parametrize(
    "comment", ["type: ignore", "type: ignore[arg-type]", "noqa", "noqa: S105", "noqa: S105, S106"]
)
def test_a_check_that_is_switched_off_without_a_reason_is_found(comment: str) -> None:
    bare = f"x = 1  # {comment}"

    assert ["a.py:1"] == suppressions_without_reason({"a.py": bare})
    assert ["a.py:1"] == suppressions_without_reason({"a.py": bare + "  #"})
    assert [] == suppressions_without_reason({"a.py": bare + " # the refusal is the point"})


def test_violations_are_found_in_files_too(tmp_path: Path) -> None:
    planted = tmp_path / "src" / "domain" / "deep" / "new.py"
    planted.parent.mkdir(parents=True)
    planted.write_text("import stripe\nimport time\n", encoding="utf-8")
    sources = sources_of("src/domain", root=tmp_path)

    assert ["src/domain/deep/new.py:1 imports stripe"] == imports_beyond(sources, {"domain", "msgspec"})
    assert ["src/domain/deep/new.py:2 imports time"] == reads_of_the_world(sources)


def test_two_checks_that_are_switched_off_at_once_share_a_reason() -> None:
    both = f"x = 1  # {'type: ignore[operator]'} # {'noqa: B015'}"

    assert ["a.py:1"] == suppressions_without_reason({"a.py": both})
    assert [] == suppressions_without_reason({"a.py": both + " # the refusal is the point"})


def test_every_adapter_is_assigned_to_its_port_for_the_type_checker() -> None:
    typed = "\n".join((ROOT / path).read_text(encoding="utf-8") for path in TYPED_PORTS)

    assert [] == adapters_without_port(sources_of("src/adapters"), typed)


def test_an_adapter_that_is_not_assigned_to_its_port_is_found() -> None:
    planted = {"src/adapters/new.py": 'class CarrierPigeon:\n    """The port Mailer."""\n'}

    assert ["src/adapters/new.py:1 CarrierPigeon"] == adapters_without_port(planted, "mailer: Mailer = Post()")
    assert [] == adapters_without_port(planted, "mailer: Mailer = CarrierPigeon()")


@pytest.mark.parametrize("path", TYPED_PORTS)
def test_the_type_checker_reads_the_assignments(path: str) -> None:
    assert checked_by_mypy((ROOT / "pyproject.toml").read_text(encoding="utf-8"), path)


@pytest.mark.parametrize(
    "configuration",
    [
        '[tool.mypy]\nstrict = true\nfiles = ["src"]',
        '[tool.mypy]\nstrict = false\nfiles = ["src", "tests"]',
        '[tool.mypy]\nstrict = true\nfiles = ["tests"]\nexclude = ["architecture"]',
    ],
)
def test_a_configuration_that_leaves_the_assignments_out_is_found(configuration: str) -> None:
    assert not checked_by_mypy(configuration, TYPED_PORTS[0])


def unproven(lock: str) -> list[str]:
    """The entries of a lock file that name no version or no hash."""
    lines = [line for line in lock.splitlines() if not line.lstrip().startswith("#")]
    entries = [entry for entry in "\n".join(lines).replace("\\\n", " ").splitlines() if entry.strip()]
    assert entries, "an empty lock file"
    return [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]


def unproving(recipes: str) -> list[str]:
    """The commands that install what a lock file lists, and do not compare its hashes."""
    installing = [
        line for line in recipes.splitlines() if ("pip install" in line or "pip sync" in line) and ".lock" in line
    ]
    assert installing, "nothing is installed from a lock file"
    return [line for line in installing if "--require-hashes" not in line]


def test_every_library_is_installed_by_its_hash() -> None:
    locks = [(ROOT / name).read_text(encoding="ascii") for name in ("requirements.lock", "requirements-uv.lock")]
    recipes = (ROOT / "Makefile").read_text(encoding="ascii")

    assert [[], []] == [unproven(lock) for lock in locks]
    assert [] == unproving(recipes)


def test_a_library_that_is_installed_without_its_hash_is_found() -> None:
    lock = "one==1 \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n    # via us\ntwo==2\nthree \\\n    --hash=sha256:ef\n"

    assert ["two", "three"] == [entry.split("==")[0].split()[0] for entry in unproven(lock)]
    assert ["\tuv pip sync a.lock"] == unproving("\tuv pip sync a.lock\n\tpip install --require-hashes -r b.lock\n")
