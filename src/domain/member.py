"""The member who pays: identity comes from the platform's token, never from a request body."""

import hashlib
import re
from enum import StrEnum
from typing import Final, NewType

from msgspec import Struct

UserId = NewType("UserId", str)
"""The platform's id of a user, 1 to 128 characters, opaque to us."""

USER_ID_LENGTH_MAX: Final = 128
SHORT_BYTES_MAX: Final = 200

EMAIL_LENGTH_MAX: Final = 254
LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
EMAIL: Final = re.compile(r"[!-~]+@[!-~]+", re.ASCII)
NO_PART_OF_EMAIL: Final = frozenset('<>(),;:\\"[]')
"""A comma or a bracket could smuggle in a second reader."""


def is_user_id(text: str) -> bool:
    """Whether a text can be a user's id: 1 to 128 printable characters and no slash, since it stands in addresses."""
    return 1 <= len(text) <= USER_ID_LENGTH_MAX and text.isprintable() and "/" not in text


PSEUDONYM: Final = "erased-"
"""Begins the id that stands in the place of a member who was erased. Nothing that names the member from elsewhere contradicts it."""


def short_name(user_id: UserId) -> str:
    """The id as a part of a key that others see: itself, or its digest where it is long. Stripe takes keys of 255 bytes, and an id of 128
    characters may have 512.
    """
    long = len(user_id.encode()) > SHORT_BYTES_MAX
    return hashlib.sha256(user_id.encode()).hexdigest() if long else user_id


def is_email(text: str) -> bool:
    """Whether a text is one bare address to which a mail can be sent, with a domain that has a dot.

    Letters outside ASCII are refused: neither the payment provider nor most mail servers take them.
    """
    local, _, domain = text.partition("@")
    labels = domain.split(".")
    return (
        len(text) <= EMAIL_LENGTH_MAX
        and EMAIL.fullmatch(text) is not None
        and not NO_PART_OF_EMAIL & set(text)
        and not (local.startswith(".") or local.endswith(".") or ".." in local)
        and "@" not in domain
        and len(labels) > 1
        and all(LABEL.fullmatch(label) for label in labels)
    )


class UserType(StrEnum):
    """The three kinds of user that pay."""

    TALENT = "talent"
    PROFESSIONAL = "professional"
    COMPANY = "company"


class Locale(StrEnum):
    """The languages that members are addressed in."""

    FRENCH = "fr"
    ARABIC = "ar"
    ENGLISH = "en"

    @classmethod
    def best(cls, tag: str | None) -> "Locale":
        """The language of a BCP 47 tag ('ar-MA' is Arabic); French, the platform's first language, for any other."""
        return cls.known(tag) or cls.FRENCH

    @classmethod
    def known(cls, tag: str | None) -> "Locale | None":
        """The language of a BCP 47 tag; null for none and for any that is not ours."""
        language = (tag or "").replace("_", "-").split("-")[0].lower()
        return cls(language) if language in tuple(cls) else None


class Member(Struct, frozen=True, kw_only=True):
    """A paying user as the token describes them. `email` and `name` are untrusted text: escape them wherever they are shown."""

    user_id: UserId
    user_type: UserType
    email: str
    name: str
    locale: Locale = Locale.FRENCH
