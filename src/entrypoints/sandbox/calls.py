"""What all operations of the API share: the call itself, how a kind of object is reached, and how an answer is expanded."""

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct

from entrypoints.sandbox.errors import StripeFault, no_such
from entrypoints.sandbox.expand import expanded
from entrypoints.sandbox.forms import Form
from entrypoints.sandbox.parameters import Items, Kind, Text
from entrypoints.sandbox.sandbox import Sandbox
from entrypoints.sandbox.wire import JsonObject


class Call(Struct):
    """One API call, authenticated and parsed. request: what its events say about it."""

    method: str
    path: str
    form: Form
    request: JsonObject


@dataclass(frozen=True)
class Resource:
    """How one kind of object is reached. param: how a 404 names the id of the path."""

    kind: str
    noun: str
    param: str = "id"
    filters: dict[str, Kind] = field(default_factory=dict)
    can_be_listed: bool = True


Operation = Callable[[Sandbox, Call, str], JsonObject]
"""What a method and path do. The last argument: the id of the path, empty where there is none."""


def one(sandbox: Sandbox, resource: Resource, identifier: str) -> JsonObject:
    """The object of a path. Raises StripeFault (404)."""
    found = sandbox.state.find(resource.kind, identifier)
    if found is None:
        raise no_such(resource.noun, identifier[:255], resource.param)
    return found


def expand_paths(given: JsonObject) -> list[str]:
    """Takes the expand parameter out of what was read."""
    raw = given.pop("expand", None)
    paths = [] if raw is None else Items(Text()).read(raw, "expand")
    return [path for path in paths if isinstance(path, str)]


def expanded_or_undone(sandbox: Sandbox, value: JsonObject, paths: list[str]) -> JsonObject:
    """A new object with its expansions; a path that cannot be expanded undoes it."""
    try:
        return expanded(sandbox.state, value, paths)
    except StripeFault:
        del sandbox.state.kind(value["object"])[value["id"]]
        raise
