"""The command line: `payments run | serve | worker | migrate | sandbox | token | demo`."""

import signal
import sys

from entrypoints.cli.commands import payments
from entrypoints.cli.environment import Unusable
from entrypoints.settings import ConfigurationError


def main() -> None:
    """Run a command. What the operator can mend is said in one message, without a traceback, and ends with exit code 2."""
    # Whoever is told to stop while it starts takes down what it has started already, as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        payments(prog_name="payments")
    except ConfigurationError as error:
        faults = "\n".join(f"  {fault}" for fault in error.faults)
        sys.stderr.write(f"The configuration cannot be used:\n{faults}\n")
        sys.exit(2)
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
