"""Whether bytes were signed by Stripe just now (Stripe: "Verify webhook signatures manually", scheme v1)."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from application.errors import InvalidSignature

TOLERANCE_SECONDS: Final = 300
"""How far the signature's time may lie from ours, in either direction."""

HEADER_LENGTH_MAX: Final = 4096
PARTS_MAX: Final = 16
SIGNATURE_LENGTH: Final = 64
TIMESTAMP_LENGTH_MAX: Final = 12


def verify(body: bytes, header: str | None, secrets: Sequence[str], now: datetime) -> None:
    """Raise InvalidSignature unless one of `secrets` signed `body` within 300 seconds of `now` (UTC).

    During a roll of the secret Stripe signs with both: any good signature of any secret is enough. Every refusal reads the same.
    """
    timestamp, signatures = _parsed(header)
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise InvalidSignature(REFUSAL)
    signed = timestamp.encode() + b"." + body
    good = False
    for secret in filter(str.strip, secrets):  # with an empty one, everybody could sign
        expected = hmac.digest(secret.encode(), signed, "sha256").hex().encode()
        for signature in signatures:
            good |= hmac.compare_digest(expected, signature)
    if not good:
        raise InvalidSignature(REFUSAL)


def signed_header(body: bytes, at: int, secret: str) -> str:
    """The header under which Stripe would deliver a body. at: seconds since the epoch."""
    return f"t={at},v1={hmac.digest(secret.encode(), f'{at}.'.encode() + body, 'sha256').hex()}"


REFUSAL: Final = "The delivery carries no good signature of the right age."


def _parsed(header: str | None) -> tuple[str, list[bytes]]:
    if header is None or len(header) > HEADER_LENGTH_MAX or not header.isascii():
        raise InvalidSignature(REFUSAL)
    parts = header.split(",")
    if len(parts) > PARTS_MAX:
        raise InvalidSignature(REFUSAL)
    pairs = [part.partition("=") for part in parts]
    if not all(equals for _, equals, _ in pairs):
        raise InvalidSignature(REFUSAL)
    timestamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value.encode() for name, _, value in pairs if name == "v1" and len(value) == SIGNATURE_LENGTH]
    if len(timestamps) != 1 or not signatures:
        raise InvalidSignature(REFUSAL)
    timestamp = timestamps[0]
    if not timestamp.isdigit() or len(timestamp) > TIMESTAMP_LENGTH_MAX or timestamp.startswith("0"):
        raise InvalidSignature(REFUSAL)
    return timestamp, signatures
