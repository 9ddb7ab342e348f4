"""Every operation of the API answers as its description says, whatever is asked of it.

About 10 seconds; `PAYMENTS_EXAMPLES=200` tries more of each operation.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from domain.member import Member
from entrypoints.http.identity import READ_SUBSCRIPTIONS
from entrypoints.http.members import MEMBERS_ADMIN
from entrypoints.http.tokens import sign_token
from journeys.shopper import LIFETIME, Shopper
from journeys.system import System

EXAMPLES = int(os.environ.get("PAYMENTS_EXAMPLES", "20"))
CONFIGURATION = Path(__file__).parent / "schemathesis.toml"


def schemathesis(system: System, member: Member, folder: Path) -> "subprocess.CompletedProcess[str]":
    """A run of schemathesis with all its checks, as a member who has paid and may also read, export and erase others."""
    token = sign_token(
        system.secrets.jwt_secret, member, scope=f"{READ_SUBSCRIPTIONS} {MEMBERS_ADMIN}", lifetime=LIFETIME
    )
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIGURATION), "run"]
    options = ["--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "1", "--continue-on-failure", "--no-color"]
    return subprocess.run(
        [*command, f"{system.url}/schema/openapi.json", *options, "--header", f"Authorization: Bearer {token}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(120 + EXAMPLES)
def test_schemathesis_finds_nothing(system: System, tmp_path: Path) -> None:
    shopper = Shopper(system)
    checkout = shopper.checkout()
    shopper.bank_decides(checkout, "pay")
    shopper.payment_that_is(checkout, "SUCCEEDED")

    found = schemathesis(system, shopper.member, tmp_path)

    assert found.returncode == 0, found.stdout
    assert "Tested: 12" in found.stdout
