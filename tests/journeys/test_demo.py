"""`payments demo` takes three payments and says what is true; where something is not, it says what."""

import subprocess
from pathlib import Path

from journeys.parts import PAYMENTS, clean_environment


def demo(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the demonstration in a folder of its own."""
    environment = clean_environment(**settings) | {"TMPDIR": str(folder), "PYTHONUTF8": "1"}
    return subprocess.run(
        [*PAYMENTS, "demo"], cwd=folder, env=environment, capture_output=True, text=True, timeout=90, check=False
    )


def test_the_demonstration_takes_a_payment_of_each_user_type_and_leaves_nothing_behind(open_folder: Path) -> None:
    run = demo(open_folder)

    assert 0 == run.returncode, run.stdout + run.stderr
    assert run.stdout.endswith("Done: 3 payments were taken, and everything that should be true of them is true.\n")
    assert ["2026-000001", "2026-000002", "2026-000003"] == numbers_as_if_in_2026(run.stdout)
    assert [] == list(open_folder.glob("payments-demo-*"))


def numbers_as_if_in_2026(output: str) -> list[str]:
    """The receipt numbers that were shown, whatever the year is."""
    lines = [line.split() for line in output.splitlines() if line.startswith("  receipt number")]
    return [f"2026-{words[-1].partition('-')[2]}" for words in lines]


def test_the_demonstration_names_the_first_thing_that_is_not_so_and_ends_with_one(open_folder: Path) -> None:
    run = demo(open_folder, PRICING_FILE=str(open_folder / "nowhere.toml"))

    assert 1 == run.returncode
    assert "NOT SO: the process that should answer at http://127.0.0.1:" in run.stdout
    assert "ended with code 2" in run.stdout
    assert "Done" not in run.stdout
    assert "Traceback" not in run.stdout + run.stderr
    (kept,) = open_folder.glob("payments-demo-*")
    assert f"The logs are in {kept}." in run.stdout
    assert "nowhere.toml: cannot be read" in (kept / "serve.log").read_text()
