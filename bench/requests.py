"""Requests as members' programs and browsers send them."""

from typing import Final

HOST: Final = "Host: pay.example.org"
PROGRAM: Final = (HOST, "User-Agent: talents-acting/1.0", "Accept: application/json", "Accept-Encoding: gzip, deflate")
BROWSER: Final = (
    HOST,
    "User-Agent: Mozilla/5.0 (Linux; Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: fr-MA,fr;q=0.8,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-site",
)


def asked_by_program(path: str, token: str) -> bytes:
    """A GET with a bearer token."""
    return written(f"GET {path} HTTP/1.1", *PROGRAM, f"Authorization: Bearer {token}")


def asked_by_browser(path: str, token: str) -> bytes:
    """A GET with the token in the cookie."""
    return written(f"GET {path} HTTP/1.1", *BROWSER, f"Cookie: theme=dark; payments_token={token}")


def sent_by_program(path: str, token: str, body: bytes) -> bytes:
    """A POST of JSON with a bearer token."""
    length = f"Content-Length: {len(body)}"
    head = written(
        f"POST {path} HTTP/1.1", *PROGRAM, f"Authorization: Bearer {token}", "Content-Type: application/json", length
    )
    return head + body


def written(*lines: str) -> bytes:
    """A head."""
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
