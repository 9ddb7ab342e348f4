"""What a sandbox knew survives its restart."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from entrypoints.sandbox.app import create_app
from entrypoints.sandbox.config import SandboxConfig
from entrypoints.sandbox.state import StateFileBroken
from sandbox.conftest import WorldMaker
from sandbox.sandbox_world import API_KEY, SECRET, Receiver, eventually, open_world


async def test_sessions_keys_and_events_are_there_after_a_restart(restartable: WorldMaker) -> None:
    async with restartable() as first:
        session = await first.session(key="k")
        await first.pay((await first.session()).id)
        await first.quiet()
        events = await first.ask("events")
    async with restartable() as second:
        replayed = await second.session(key="k")

        assert (session.id, "true") == (replayed.id, replayed.last_response.headers["idempotent-replayed"])
        assert (await second.again(session.id)).status == "open"
        assert events == await second.ask("events")


async def test_a_session_whose_time_came_while_it_was_down_expires_at_the_start(
    restartable: WorldMaker, tmp_path: Path
) -> None:
    async with restartable() as first:
        session = await first.session()
    state = json.loads((tmp_path / "state.json").read_text())
    state["objects"]["checkout.session"][session.id]["expires_at"] = session.created - 1
    (tmp_path / "state.json").write_text(json.dumps(state))
    async with restartable() as second:
        await eventually(lambda: bool(second.receiver.received))

        assert (await second.again(session.id)).status == "expired"
        assert second.receiver.types() == ["checkout.session.expired"]


async def test_a_delivery_that_waits_goes_on_after_a_restart(receiver: Receiver, tmp_path: Path) -> None:
    receiver.answers = [500]
    async with open_world(receiver, state_file=tmp_path / "s.json", retry_schedule_seconds=(0.3,)) as first:
        await first.client.v1.customers.create_async({"email": "a@example.com"})
        await eventually(lambda: len(receiver.received) == 1)
    async with open_world(receiver, state_file=tmp_path / "s.json", retry_schedule_seconds=(0.3,)) as second:
        await second.quiet()

    assert len(receiver.received) == 2
    assert receiver.received[0].event().id == receiver.received[1].event().id


def test_a_broken_state_file_gives_one_clear_message(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"objects": ')

    with pytest.raises(StateFileBroken, match=r"cannot read its state file .* Move or delete it"):
        create_app(SandboxConfig(port=1, api_key=API_KEY, webhook_secret=SECRET, state_file=file))


def test_the_program_says_where_it_is_and_stops_on_a_signal() -> None:
    program = (
        "from entrypoints.sandbox.config import SandboxConfig; from entrypoints.sandbox.server import serve; "
        f"serve(SandboxConfig(port=0, api_key={API_KEY!r}, webhook_secret={SECRET!r}))"
    )
    for_signals = {
        sign: subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for sign in (signal.SIGTERM, signal.SIGINT)
    }
    for sign, process in for_signals.items():
        assert process.stdout is not None
        said = process.stdout.readline()
        os.kill(process.pid, sign)
        rest, complaints = process.communicate(timeout=20)

        assert said.startswith("Stripe sandbox: http://127.0.0.1:")
        assert (rest, complaints, process.returncode) == ("", "", 0)


async def test_a_state_file_that_cannot_be_written_does_not_stop_the_sandbox(
    receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    async with open_world(receiver, state_file=tmp_path / "file" / "state.json") as world:
        assert (await world.raw("POST", "/v1/customers")).status_code == 200
