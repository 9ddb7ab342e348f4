"""How the control API reads JSON bodies."""

from typing import TypeVar

import msgspec
from litestar.exceptions import HTTPException

Told = TypeVar("Told")


def told(body: bytes, type: type[Told], default: Told | None = None) -> Told:
    """The JSON body. Answers 400 when it is not what was expected."""
    if not body and default is not None:
        return default
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.MsgspecError, ValueError) as error:
        raise HTTPException(status_code=400, detail=str(error)) from None


def several(body: bytes, type: type[Told]) -> list[Told]:
    if body.lstrip()[:1] == b"[":
        return told(body, list[type])  # type: ignore[valid-type]  # the type is a value here
    return [told(body, type)]
