"""One HTTP POST to the endpoint of an event: sends the bytes as they are, follows no redirect, keeps no connection."""

from collections.abc import Mapping


class NoAnswer(Exception):
    """The endpoint could not be reached, or did not answer in HTTP."""


async def post(url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> int:
    """Posts and returns the status. Raises NoAnswer."""
    # Imported at the first delivery: it takes longer than the rest of the start.
    import aiohttp

    limit = aiohttp.ClientTimeout(total=timeout_seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, connector=aiohttp.TCPConnector(force_close=True)) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status
    except TimeoutError:
        raise NoAnswer(f"no answer within {timeout_seconds:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from None
