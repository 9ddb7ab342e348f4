"""The image and the compose file say what they should: what runs is pinned, unprivileged, and started in the right order."""

import re
from pathlib import Path

import yaml  # type: ignore[import-untyped] # the library brings no types

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([a-z0-9._-]+==\S+)", re.MULTILINE)


def pinned(name: str) -> set[str]:
    """What a lock file pins."""
    return set(PINNED.findall((ROOT / name).read_text(encoding="ascii")))


def test_the_image_runs_what_is_tested_and_none_of_the_tools_of_development() -> None:
    run, observed = pinned("requirements-run.lock"), pinned("requirements-observed.lock")
    names = {entry.partition("==")[0] for entry in observed}

    assert set() == observed - pinned("requirements.lock")
    assert run < observed
    assert {"opentelemetry-sdk", "sentry-sdk"} <= names - {entry.partition("==")[0] for entry in run}
    assert {"litestar", "asyncpg", "uvicorn"} <= names
    assert set() == names & {"pytest", "mypy", "ruff", "playwright", "hypothesis", "hatchling"}


def test_the_image_is_run_by_nobody_in_particular_and_looks_after_itself() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="ascii").splitlines()
    last_stage = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM")) :]

    assert "USER 10001:10001" in last_stage
    assert any(line.startswith("HEALTHCHECK") for line in last_stage)
    assert not [line for line in lines if line.startswith("FROM") and "/" in line]
    assert not [line for line in lines if re.search(r"-r (requirements|\$)", line) and "--require-hashes" not in line]


def test_compose_migrates_before_it_serves_and_writes_nowhere() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="ascii"))["services"]
    ours = {name: service for name, service in services.items() if name != "postgres"}

    assert {"migrate", "serve", "worker"} == set(ours)
    assert [["migrate"], "serve", ["worker"]] == [
        ours["migrate"]["command"],
        ours["serve"]["command"][0],
        ours["worker"]["command"],
    ]
    assert {"postgres": {"condition": "service_healthy"}} == ours["migrate"]["depends_on"]
    for name in ("serve", "worker"):
        assert {"migrate": {"condition": "service_completed_successfully"}} == ours[name]["depends_on"]
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in ours.values())
    assert {"10001:10001"} == {service["user"] for service in ours.values()}
