"""Reads a form by a description of what Stripe knows there, with Stripe's own words for what it does not."""

import difflib
import re
from typing import Protocol

from entrypoints.sandbox.errors import StripeFault, invalid, missing_parameter, unknown_parameters
from entrypoints.sandbox.forms import Form
from entrypoints.sandbox.wire import JsonObject

Raw = str | Form


class Kind(Protocol):
    """How one parameter is read."""

    def read(self, raw: Raw, name: str) -> object:
        """The value that is meant. Raises StripeFault (400)."""


class Text:
    """A string. The empty string unsets a field: it reads as None where `can_be_unset`, else it is refused."""

    def __init__(self, longest: int = 5000, *, can_be_unset: bool = True) -> None:
        self.longest = longest
        self.can_be_unset = can_be_unset

    def read(self, raw: Raw, name: str) -> str | None:
        if not isinstance(raw, str):
            raise invalid("Invalid string: must be a string, not a hash or an array", name)
        if raw == "":
            if self.can_be_unset:
                return None
            raise _empty(name)
        if len(raw) > self.longest:
            raise invalid(f"Invalid string: {raw[:10]}...{raw[-10:]}; must be at most {self.longest} characters", name)
        return raw


class Url(Text):
    """An address that a browser can be sent to."""

    def __init__(self) -> None:
        super().__init__(5000, can_be_unset=False)

    def read(self, raw: Raw, name: str) -> str | None:
        value = super().read(raw, name)
        if value and not re.match(r"https?://[^/\s?#]+[^\s]*\Z", value):
            raise invalid("Not a valid URL", name, "url_invalid")
        return value


class Email(Text):
    """An e-mail address."""

    def read(self, raw: Raw, name: str) -> str | None:
        value = super().read(raw, name)
        if value and not re.match(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z", value):
            raise invalid(f"Invalid email address: {value[:200]}", name, "email_invalid")
        return value


class Integer:
    """A whole number within bounds."""

    def __init__(self, least: int | None = None, most: int = 99_999_999_999) -> None:
        self.least = least
        self.most = most

    def read(self, raw: Raw, name: str) -> int:
        if not isinstance(raw, str) or not re.match(r"-?[0-9]{1,18}\Z", raw):
            shown = raw[:100] if isinstance(raw, str) else "{}"
            raise invalid(f"Invalid integer: {shown}", name, "parameter_invalid_integer")
        value = int(raw)
        if self.least is not None and value < self.least:
            text = f"This value must be greater than or equal to {self.least}."
            raise invalid(text, name, "parameter_invalid_integer")
        if value > self.most:
            raise invalid(f"This value must be less than or equal to {self.most}.", name, "parameter_invalid_integer")
        return value


class Flag:
    """true or false."""

    def read(self, raw: Raw, name: str) -> bool:
        if raw not in ("true", "false"):
            raise invalid(f"Invalid boolean: {raw if isinstance(raw, str) else '{}'}"[:200], name)
        return raw == "true"


class Choice:
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def read(self, raw: Raw, name: str) -> str:
        if not isinstance(raw, str) or raw not in self.words:
            listed = ", ".join(self.words[:-1]) + f", or {self.words[-1]}" if len(self.words) > 1 else self.words[0]
            raise invalid(f"Invalid {name}: must be one of {listed}", name)
        return raw


class Metadata:
    """Up to 50 pairs of strings: keys of 40, values of 500 characters. The empty string clears."""

    def read(self, raw: Raw, name: str) -> dict[str, str]:
        if isinstance(raw, str):
            if raw == "":
                return {}
            raise invalid("Invalid hash", name)
        if len(raw) > 50:
            raise invalid(f"Metadata can have up to 50 keys, but you passed in {len(raw)} keys.", name)
        read: dict[str, str] = {}
        for key, value in raw.items():
            if len(key) > 40:
                text = f"Metadata keys can have up to 40 characters, but you passed in a key that is {len(key)} characters."
                raise invalid(f"{text} Invalid key: {key[:60]}", name)
            if not isinstance(value, str):
                raise invalid("Invalid string: metadata values must be strings", f"{name}[{key}]")
            if len(value) > 500:
                text = "Metadata values can have up to 500 characters, but you passed in a value that is"
                raise invalid(f"{text} {len(value)} characters. Invalid value: {value[:60]}", f"{name}[{key}]")
            read[key] = value
        return read


class Anything:
    """Accepted and kept as it came: of no consequence for the sandbox."""

    def read(self, raw: Raw, name: str) -> Raw:
        return raw


class NotHere:
    """Known to Stripe, but not to the sandbox, which says so instead of doing half of it."""

    def read(self, raw: Raw, name: str) -> object:
        raise invalid(f"The local sandbox does not offer `{name}`.", name)


class Items:
    """An array of one kind."""

    def __init__(self, kind: Kind, most: int = 100) -> None:
        self.kind = kind
        self.most = most

    def read(self, raw: Raw, name: str) -> list[object]:
        if raw == "":
            return []
        if isinstance(raw, str) or not all(key.isascii() and key.isdigit() and len(key) < 6 for key in raw):
            raise invalid("Invalid array", name)
        if len(raw) > self.most:
            raise invalid(f"Array {name} exceeded maximum {self.most} allowed elements.", name)
        ordered = sorted(raw.items(), key=lambda pair: int(pair[0]))
        return [self.kind.read(value, f"{name}[{index}]") for index, (_, value) in enumerate(ordered)]


class Fields:
    """A hash of named parameters, some of them required."""

    def __init__(self, kinds: dict[str, Kind], required: tuple[str, ...] = ()) -> None:
        self.kinds = kinds
        self.required = required

    def read(self, raw: Raw, name: str = "") -> JsonObject:
        if isinstance(raw, str):
            if raw != "":
                raise invalid("Invalid hash", name)
            raw = {}
        unknown = [key for key in raw if key not in self.kinds]
        if unknown:
            close = difflib.get_close_matches(unknown[0], self.kinds, 1, 0.75) if len(unknown) == 1 else []
            raise unknown_parameters([_inside(name, key) for key in unknown[:20]], close[0] if close else None)
        for key in self.required:
            if key not in raw:
                raise missing_parameter(_inside(name, key))
        return {key: self.kinds[key].read(value, _inside(name, key)) for key, value in raw.items()}


def _inside(name: str, key: str) -> str:
    return f"{name}[{key}]" if name else key


def _empty(name: str) -> StripeFault:
    return invalid(
        f"You passed an empty string for '{name}'. We assume empty values are attempts to unset a field; however '{name}' "
        f"cannot be unset. You should remove '{name}' from your request or supply a non-empty value.",
        name,
        "parameter_invalid_empty",
    )
