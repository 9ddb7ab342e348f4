"""The member who pays: identity comes from the platform's token, never from a request body."""

from enum import StrEnum
from typing import Final, NewType

from msgspec import Struct

UserId = NewType("UserId", str)
"""The platform's id of a user, 1 to 128 characters, opaque to us."""

USER_ID_LENGTH_MAX: Final = 128


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
