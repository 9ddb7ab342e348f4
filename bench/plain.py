"""The plain SQL, sent by Postgres' own pgbench: what is left once there is no Python and no HTTP."""

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.confirmed import check_complete
from bench.database import Connection, Server, settle
from bench.events import AMOUNT, CURRENCY, body_of, template
from bench.load import percentile_ms
from bench.measure import MICROSECONDS, Measurement, Round
from bench.meters import cpu_seconds, machine_seconds
from bench.reference.statement import with_expressions
from bench.seed import awaiting

WARM_UP_SECONDS: Final = 1.0
TRANSACTIONS_A_SECOND_MAX: Final = 10_000
"""More than pgbench makes; one beyond the last payment would find none."""

NAME: Final = "pgbench"
PAID: Final = "SELECT id FROM payments WHERE id = ANY($1::uuid[]) AND status = 'SUCCEEDED'"

SCRIPT: Final = r"""\set i :i + 1
\set n :first + :i * :clients + :client_id
{statement};
"""
NUMBERED: Final = "lpad(:n::text, {digits}, '0')"


class Done(Struct, frozen=True):
    """A transaction of pgbench: how long it took, and when it ended (seconds since the epoch)."""

    seconds: float
    at: float


def script() -> str:
    """The statement with values that pgbench makes: ids by the number of the payment, the event's bytes as they are."""
    number = NUMBERED.format(digits=24)
    return SCRIPT.format(
        statement=with_expressions(
            {
                "event_id": f"'evt_' || {number}",
                "paid_at": "now()",
                "body": "convert_to(:body, 'UTF8')",
                "intent_id": f"'pi_' || {number}",
                "session_id": f"'cs_test_a1' || {NUMBERED.format(digits=56)}",
                "amount": str(AMOUNT),
                "currency": f"'{CURRENCY}'",
                "invoice_id": f"'in_' || {number}",
            }
        )
    )


class PlainSql:
    """pgbench over a database of its own. It answers the webhook's path alone, and `server us` is what pgbench itself takes."""

    name = NAME
    paths = frozenset({"webhook"})

    def __init__(self, server: Server, connection: Connection, url: str, folder: Path) -> None:
        self.connection = connection
        self._server = server
        self._url = url
        self._folder = folder / NAME
        self._folder.mkdir()
        # Beside the server's own program, so that both are of one version.
        self._program = Path(f"/proc/{server.pid}/exe").resolve().parent / NAME

    @property
    def is_there(self) -> bool:
        """Whether this Postgres came with pgbench."""
        return self._program.is_file()

    async def measure(self, round: Round) -> Measurement:
        """Let pgbench run, and count what it did after a second of warming up."""
        seconds = round.seconds + 2 * WARM_UP_SECONDS
        pending = await awaiting(self.connection, int(seconds * TRANSACTIONS_A_SECOND_MAX))
        await settle(self.connection)
        (self._folder / "script.sql").write_text(script(), encoding="ascii")
        body = body_of(template(int(time.time())), pending[0]).decode()
        command = [
            str(self._program), self._url, "--no-vacuum", "--protocol=prepared", "--file=script.sql", "--log",
            f"--client={round.connections}", f"--time={round.whole_seconds + 2}",
            f"--define=first={pending[0].number}", f"--define=clients={round.connections}", "--define=i=-1", f"--define=body={body}",
        ]  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        await asyncio.sleep(WARM_UP_SECONDS)
        postgres, client_began = await self._server.spent(self.connection), cpu_seconds(process.pid)
        began_at, machine_began = time.time(), machine_seconds()
        await asyncio.sleep(round.seconds)
        spent = (await self._server.spent(self.connection)).since(postgres)
        client_seconds, machine = cpu_seconds(process.pid) - client_began, machine_seconds() - machine_began
        ended_at = time.time()
        _, complaint = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"pgbench: {complaint.decode(errors='replace')}")

        everything = self._log()
        paid = await self.connection.fetch(PAID, [one.payment_id for one in pending])
        if len(paid) != len(everything):
            raise RuntimeError(f"pgbench made {len(everything)} transactions, and {len(paid)} payments are paid")
        await check_complete(self.connection, [row["id"] for row in paid])
        counted = [one.seconds for one in everything if began_at <= one.at < ended_at]
        return Measurement(
            path=round.path,
            program=NAME,
            connections=round.connections,
            round=round.number,
            requests=len(counted),
            a_second=len(counted) / (ended_at - began_at),
            p50_ms=percentile_ms(counted, 0.50),
            p99_ms=percentile_ms(counted, 0.99),
            server_us=client_seconds / len(counted) * MICROSECONDS,
            postgres_us=spent.cpu_seconds / len(counted) * MICROSECONDS,
            load_us=0.0,
            wal_bytes=spent.wal_bytes / len(counted),
            foreign_cores=max(0.0, (machine - client_seconds - spent.cpu_seconds) / (ended_at - began_at)),
        )

    def _log(self) -> list[Done]:
        """What pgbench has logged, which is then removed: client, number, microseconds, script, and when it ended in two parts."""
        found = []
        for path in self._folder.glob("pgbench_log.*"):
            for line in path.read_text().splitlines():
                _, _, microseconds, _, at, fraction = line.split()[:6]
                found.append(Done(int(microseconds) / MICROSECONDS, int(at) + int(fraction) / MICROSECONDS))
            path.unlink()
        return found
