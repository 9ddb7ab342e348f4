"""The command line: `payments run | serve | worker | migrate | reconcile | review | events | jobs | member | audit | ...`."""

import sys

from entrypoints.cli.commands import payments
from entrypoints.cli.environment import Unusable
from entrypoints.cli.events import events
from entrypoints.cli.examining import doctor
from entrypoints.cli.jobs import jobs
from entrypoints.cli.members import member
from entrypoints.cli.reviewing import review
from entrypoints.cli.stopping import STOPPED, listen_for_stop
from entrypoints.cli.telling import story
from entrypoints.settings import ConfigurationError

__all__ = ["main", "payments"]

for command in (review, events, jobs, doctor, story, member):
    payments.add_command(command)


def main() -> None:
    """Run a command. What the operator can mend is said in one message, without a traceback, and ends with exit code 2."""
    # Whoever is told to stop while it starts takes down what it has started already.
    listen_for_stop()
    try:
        payments(prog_name="payments")
    except KeyboardInterrupt:  # found the command line itself at work, outside of any command
        sys.exit(STOPPED)
    except ConfigurationError as error:
        faults = "\n".join(f"  {fault}" for fault in error.faults)
        sys.stderr.write(f"The configuration cannot be used:\n{faults}\n")
        sys.exit(2)
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
