"""The check of a token by hand: HS256, when it ends, and who it is about. Nothing else is looked at."""

import hmac
import time
from base64 import urlsafe_b64decode
from typing import Final

import msgspec
from msgspec import Struct

LEEWAY_SECONDS: Final = 30
COOKIE: Final = b"payments_token="


class Head(Struct):
    """The first part of a token."""

    alg: str


class Member(Struct):
    """Of the claims what is needed."""

    sub: str
    exp: int
    user_type: str
    email: str
    name: str
    locale: str


HEADS: Final = msgspec.json.Decoder(Head)
MEMBERS: Final = msgspec.json.Decoder(Member)


class NoMember(Exception):
    """The token proves nobody."""


def header(headers: list[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    """A header of a request; empty where there is none."""
    return next((value for name, value in headers if name == wanted), b"")


def of_bearer(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The token of the Authorization header."""
    return header(headers, b"authorization").removeprefix(b"Bearer ")


def of_cookie(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The token of the cookie, for pages."""
    cookies = header(headers, b"cookie").split(b"; ")
    return next((one.removeprefix(COOKIE) for one in cookies if one.startswith(COOKIE)), b"")


def member_of(token: bytes, secret: bytes) -> Member:
    """Who a token proves. Raises NoMember."""
    signed, _, signature = token.rpartition(b".")
    if not hmac.compare_digest(hmac.digest(secret, signed, "sha256"), _bytes_of(signature)):
        raise NoMember
    head, _, claims = signed.partition(b".")
    member = MEMBERS.decode(_bytes_of(claims))
    if HEADS.decode(_bytes_of(head)).alg != "HS256" or member.exp + LEEWAY_SECONDS < time.time():
        raise NoMember
    return member


def _bytes_of(part: bytes) -> bytes:
    return urlsafe_b64decode(part + b"=" * (-len(part) % 4))
