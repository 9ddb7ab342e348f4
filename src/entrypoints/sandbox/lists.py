"""Lists: newest first, filtered, cut into pages by cursors."""

from typing import cast

from entrypoints.sandbox.errors import invalid, no_such
from entrypoints.sandbox.parameters import Fields, Integer, Items, Kind, Raw, Text
from entrypoints.sandbox.wire import JsonObject

_BOUNDS = ("gt", "gte", "lt", "lte")


class Created:
    """`created=123` or `created[gte]=123`: epoch seconds."""

    def read(self, raw: Raw, name: str) -> dict[str, int]:
        if isinstance(raw, str):
            return {"eq": Integer().read(raw, name)}
        return cast("dict[str, int]", Fields({bound: Integer() for bound in _BOUNDS}).read(raw, name))


PAGING: dict[str, Kind] = {
    "limit": Integer(1, 100),
    "starting_after": Text(),
    "ending_before": Text(),
    "created": Created(),
    "expand": Items(Text()),
}


def within(created: int, bounds: dict[str, int]) -> bool:
    """Whether a moment (epoch seconds) lies within the bounds."""
    tests = {
        "eq": lambda limit: created == limit,
        "gt": lambda limit: created > limit,
        "gte": lambda limit: created >= limit,
        "lt": lambda limit: created < limit,
        "lte": lambda limit: created <= limit,
    }
    return all(tests[bound](limit) for bound, limit in bounds.items())


def page(
    newest_first: list[JsonObject], given: JsonObject, noun: str, url: str, known: dict[str, JsonObject]
) -> JsonObject:
    """One page of what was found. known: all objects of the kind, which a cursor may name though a filter hides it."""
    limit = given.get("limit") or 10
    after, before = given.get("starting_after"), given.get("ending_before")
    if after and before:
        raise invalid("You may only specify one of these parameters: starting_after, ending_before.", "starting_after")
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor and cursor not in known:
            raise no_such(noun, cursor, name, 400)
    order = {identifier: place for place, identifier in enumerate(known)}
    if after:
        rest = [one for one in newest_first if order[one["id"]] < order[after]]
        found, more = rest[:limit], len(rest) > limit
    elif before:
        rest = [one for one in newest_first if order[one["id"]] > order[before]]
        found, more = rest[-limit:], len(rest) > limit
    else:
        found, more = newest_first[:limit], len(newest_first) > limit
    return {"object": "list", "data": found, "has_more": more, "url": url}
