"""What banks decide in their own time."""

from entrypoints.sandbox.checkout import settle_due
from entrypoints.sandbox.refunds import settle_due_refunds
from entrypoints.sandbox.sandbox import Sandbox


def let_banks_decide(sandbox: Sandbox) -> None:
    """Decides the delayed payments and the refunds whose time has come."""
    settle_due(sandbox)
    settle_due_refunds(sandbox)
