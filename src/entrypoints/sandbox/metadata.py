"""The metadata of objects: set when they are made, merged when they are changed."""

from entrypoints.sandbox.wire import JsonObject


def set_metadata(given: JsonObject) -> dict[str, str]:
    """The metadata of a new object: an empty value sets nothing."""
    return {key: value for key, value in (given.get("metadata") or {}).items() if value != ""}


def merge_metadata(subject: JsonObject, given: dict[str, str], before: JsonObject) -> None:
    """Changes the keys that are given; an empty value removes its key, an empty hash removes all.

    before: takes up what changed keys were, None for new ones.
    """
    old = subject["metadata"]
    new = {key: value for key, value in {**old, **given}.items() if value != ""} if given else {}
    if new != old:
        before["metadata"] = {key: old.get(key) for key in {*old, *new} if old.get(key) != new.get(key)}
        subject["metadata"] = new
