"""Forms with brackets: `line_items[0][price_data][currency]=usd` read into nested dictionaries of strings."""

import re
from typing import TypeAlias, Union
from urllib.parse import parse_qsl

from entrypoints.sandbox.errors import StripeFault, invalid

Form: TypeAlias = dict[str, Union[str, "Form"]]
"""A parsed form. A list is a dictionary of positions ("0", "1"): only the reader knows which of the two is meant."""

FIELDS_MAX = 2_000
DEPTH_MAX = 10
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")


def parse_form(text: bytes) -> Form:
    """The fields of a form body or a query string. Raises StripeFault (400) when it cannot be read."""
    try:
        pairs = parse_qsl(text.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise _unreadable() from None
    form: Form = {}
    for name, value in pairs:
        if "\x00" in name or "\x00" in value:
            raise _unreadable()
        _place(form, _segments(name), value, name)
    return form


def _unreadable() -> StripeFault:
    return invalid("Invalid request (check that your POST content type is application/x-www-form-urlencoded).")


def _segments(name: str) -> list[str]:
    found = _NAME.match(name)
    if not found:
        return [name]
    segments = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
    if len(segments) > DEPTH_MAX:
        raise invalid(f"Invalid parameter: {name[:80]} is nested too deeply.", name[:80])
    return segments


def _place(form: Form, segments: list[str], value: str, name: str) -> None:
    here = form
    for index, segment in enumerate(segments[:-1]):
        key = _position(here, segments[index + 1], last=index + 2 == len(segments)) if segment == "" else segment
        below = here.setdefault(key, {})
        if isinstance(below, str):
            raise invalid("Invalid hash", name)
        here = below
    key = segments[-1] or str(len(here))
    if isinstance(here.get(key), dict):
        raise invalid("Invalid string", name)
    here[key] = value


def _position(here: Form, following: str, *, last: bool) -> str:
    """Where `[]` points to: the element begun before, until a field of it comes a second time."""
    if not here:
        return "0"
    current = str(len(here) - 1)
    element = here.get(current)
    return str(len(here)) if last and isinstance(element, dict) and following in element else current
