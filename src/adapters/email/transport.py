"""The wire to Resend: the SDK's own HTTP client, less the 40 milliseconds of the event loop that it costs for each mail."""

import functools
import ssl
from collections.abc import Mapping
from typing import Any

import httpx
from resend.http_client_async import AsyncHTTPClient


@functools.cache
def trusted() -> ssl.SSLContext:
    """The certificates to trust, loaded once a process: that is what takes the time. For a thread, not for the event loop."""
    return httpx.create_ssl_context()


class Wire(AsyncHTTPClient):
    """Sends the SDK's requests, each over a connection of its own, so that there is nothing to close.

    status: of the answer, which the SDK makes a 500 of when its body is not JSON; null while there is none.
    """

    status: int | None = None

    def __init__(self, *, timeout_seconds: float) -> None:
        """timeout_seconds: for connecting, for writing and for each wait for bytes."""
        self._timeout_seconds = timeout_seconds

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: dict[str, object] | list[object] | None = None,
        files: dict[str, Any] | None = None,  # Any: the SDK's own signature
        data: dict[str, str] | None = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """The body, the status and the headers of the answer. Raises what httpx raises, which the SDK wraps."""
        async with httpx.AsyncClient(verify=trusted(), timeout=self._timeout_seconds) as client:
            answer = await client.request(method, url, headers=headers, json=json, files=files, data=data)
            self.status = answer.status_code
            return answer.content, answer.status_code, answer.headers
