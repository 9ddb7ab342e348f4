"""Which installation of this service this is, among those that share one account at the payment provider."""

from typing import NewType, Protocol

InstallationId = NewType("InstallationId", str)
"""Which installation made something: 32 hexadecimal digits, made once."""


class Installation(Protocol):
    """This installation."""

    async def id(self) -> InstallationId:
        """Its id: made once, with what is stored, and restored with it."""
        ...
