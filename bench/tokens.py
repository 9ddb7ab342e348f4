"""Members and the tokens with which the platform lets them in."""

import hmac
import time
from base64 import urlsafe_b64encode
from typing import Final

import msgspec
from msgspec import Struct

from bench.programs import TOKEN_SECRET

LIFETIME_SECONDS: Final = 24 * 3600
USER_TYPE: Final = "talent"
NAME: Final = "Salma Bennani"
LOCALE: Final = "fr"


class Claims(Struct, frozen=True, kw_only=True):
    """What the platform says of a member who pays."""

    sub: str
    user_type: str
    email: str
    name: str
    locale: str
    iat: int
    exp: int


def in_base64(data: bytes) -> bytes:
    """As the parts of a token are written (RFC 7515, 2)."""
    return urlsafe_b64encode(data).rstrip(b"=")


HEAD: Final = in_base64(b'{"alg":"HS256","typ":"JWT"}')


def email_of(user_id: str) -> str:
    """Where mails to a member go."""
    return f"{user_id}@example.org"


def token_of(user_id: str) -> str:
    """The token of a member, good for a day."""
    now = int(time.time())
    claims = Claims(
        sub=user_id,
        user_type=USER_TYPE,
        email=email_of(user_id),
        name=NAME,
        locale=LOCALE,
        iat=now,
        exp=now + LIFETIME_SECONDS,
    )
    signed = HEAD + b"." + in_base64(msgspec.json.encode(claims))
    return (signed + b"." + in_base64(hmac.digest(TOKEN_SECRET.encode(), signed, "sha256"))).decode()
