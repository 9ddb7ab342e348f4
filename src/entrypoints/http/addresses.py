"""Who is asking, as far as the network tells: what counts as one address."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from litestar.types import Scope

UNKNOWN: Final = "unknown"
"""All that has no address, such as a client on a Unix socket, counts as one."""

PREFIX_BITS: Final = 64
"""Of an IPv6 address: whoever has one has the whole network of that length."""


def address_of(scope: Scope) -> str:
    """The address that a request comes from, IPv6 by its network: what the server says of the connection.

    Behind a proxy the server puts in what the proxy said, where it is configured to believe it.
    """
    client = scope.get("client")
    return counted_address(client[0]) if client else UNKNOWN


@lru_cache(maxsize=4096)
def counted_address(host: str) -> str:
    """What an address counts as."""
    try:
        address = ip_address(host)
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return f"{int(address) >> (128 - PREFIX_BITS):x}/{PREFIX_BITS}"
        address = address.ipv4_mapped
    return str(address)
