"""Idempotency-Key: a request that is sent again gets the answer that it got before.

As draft-ietf-httpapi-idempotency-key-header-07 has it, and as clients know it from Stripe. A route gets it by declaring the middleware
Idempotency and the IdempotentOperation; where it also hands `kept_with` to its use case, the answer is stored in the transaction of the
effect, and otherwise right after it.
"""

import hashlib
import logging
import math
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.openapi.spec import OpenAPIType, Operation, Parameter, Schema
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from application.errors import ApplicationFault
from application.ports.idempotency import Answer, Claim, IdempotencyKeys, InProgress, Mismatch
from application.ports.store import UnitOfWork
from entrypoints.http.identity import CallerRequest
from entrypoints.http.problems import IdempotencyInProgress, IdempotencyMismatch, InvalidIdempotencyKey

log = logging.getLogger(__name__)

LEASE_SECONDS: Final = 16.0
"""Longer than a request may take, so that nobody takes over while its answer may still come."""

RETRY_SECONDS_MAX: Final = 2
"""What a second request is told to wait at most: the first one mostly takes less than a second."""

KEY_LENGTH_MAX: Final = 255
PRINTABLE: Final = re.compile(r"[\x20-\x7e]+")
QUOTED: Final = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
ESCAPED: Final = re.compile(r'\\(["\\])')

NOT_BEGUN: Final = frozenset({400, 401, 403, 405, 408, 413, 415, 429})
"""Refusals before anything was done: they are not kept, and the mended request may come under the same key."""

HELD: Final = "idempotency"
"""Where the request's claim lies in its scope."""

Result = TypeVar("Result")


class HeldClaim:
    """The claim of the request that is being answered. `noted`: its answer is part of a transaction of the use case."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.noted = False


class Idempotency(ASGIMiddleware):
    """Answers a request again that was answered before. Raises InvalidIdempotencyKey, IdempotencyInProgress, IdempotencyMismatch."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"idempotency-key"]
        if not given:
            await next_app(scope, receive, send)
            return
        keys: IdempotencyKeys = scope["litestar_app"].state.idempotency_keys
        request: CallerRequest = scope["litestar_app"].request_class(scope, receive)
        key = key_of(given)
        claimed = await keys.claim(
            request.user.user_id, key, fingerprint_of(request, await request.body()), lease_seconds=LEASE_SECONDS
        )
        match claimed:
            case Answer():
                await pass_on(claimed, send, replayed=True)
            case InProgress():
                raise IdempotencyInProgress(max(1, min(RETRY_SECONDS_MAX, math.ceil(claimed.seconds_left))))
            case Mismatch():
                raise IdempotencyMismatch
            case Claim():
                held = HeldClaim(claimed)
                scope["state"][HELD] = held
                answering = _Answering()
                # What is broken off here keeps its claim, and the lease ends it: what was done is not known.
                await next_app(scope, receive, answering.take)
                answer = answering.answer()
                await settle(keys, held, answer)
                await pass_on(answer, send, replayed=False)


async def settle(keys: IdempotencyKeys, held: HeldClaim, answer: Answer) -> None:
    """Keep an answer, or free its key. Should the store be away, the answer counts all the same, and the lease ends by itself."""
    try:
        if answer.status in NOT_BEGUN or answer.status >= 500:
            await keys.release(held.claim, forget=answer.status in NOT_BEGUN)
        elif not (held.noted and answer.status < 400):
            await keys.keep(held.claim, answer)
    except ApplicationFault:
        log.warning("an answer could not be kept under its idempotency key", exc_info=True)


def kept_with(
    request: CallerRequest,
    answer_of: Callable[[Result], Response[Any]],  # Any: whatever the route answers with
) -> Callable[[UnitOfWork, Result], None] | None:
    """What a use case is to store with its result, so that the answer is kept if and only if the result is; null without a key."""
    held: HeldClaim | None = request.scope["state"].get(HELD)
    if held is None:
        return None

    def keep(work: UnitOfWork, result: Result) -> None:
        response = answer_of(result).to_asgi_response(None, request)
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.encode_headers())
        body = response.body if isinstance(response.body, bytes) else response.body.encode()
        work.answers.keep(held.claim, Answer(status=response.status_code, headers=headers, body=body))
        held.noted = True

    return keep


def key_of(given: list[str]) -> str:
    """The key of the header's values. Both `"key"`, as the draft has it, and the bare `key` that is Stripe's habit are the same key.

    Raises InvalidIdempotencyKey.
    """
    if len(given) > 1:
        raise InvalidIdempotencyKey("it must come once")
    key = given[0].strip(" \t")
    if key.startswith('"'):
        quoted = QUOTED.fullmatch(key)
        if quoted is None:
            raise InvalidIdempotencyKey("it begins with a quotation mark and is no quoted string")
        key = ESCAPED.sub(r"\1", quoted[1])
    if not key:
        raise InvalidIdempotencyKey("it is empty; leave the header out, or send a key such as a random UUID")
    if len(key) > KEY_LENGTH_MAX:
        raise InvalidIdempotencyKey(f"it has {len(key)} characters; {KEY_LENGTH_MAX} are allowed")
    if not PRINTABLE.fullmatch(key):
        raise InvalidIdempotencyKey("it may hold printable ASCII characters only")
    return key


def fingerprint_of(request: Request[Any, Any, Any], body: bytes) -> bytes:  # Any: whoever asks
    """A digest of method, path, query and body. JSON counts by what it says: spaces and the order of fields make no difference."""
    # What is no JSON will be refused, and counts byte by byte.
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = msgspec.json.encode(msgspec.json.decode(body), order="deterministic")
    target = f"{request.method} {request.scope['path']}?".encode() + request.scope["query_string"]
    return hashlib.sha256(b"\n".join((target, body))).digest()


async def pass_on(answer: Answer, send: Send, *, replayed: bool) -> None:
    """Send an answer, marked when it is one of before."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if replayed:
        headers.append((b"idempotent-replayed", b"true"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


class _Answering:
    """Takes up an answer until it is whole: none of it may go out before it is kept."""

    def __init__(self) -> None:
        self._status = 500
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body: list[bytes] = []

    async def take(self, message: Message) -> None:
        """Take one ASGI message."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]
            )
        elif message["type"] == "http.response.body":
            self._body.append(message["body"])

    def answer(self) -> Answer:
        """All of it."""
        return Answer(status=self._status, headers=self._headers, body=b"".join(self._body))


@dataclass
class IdempotentOperation(Operation):
    """The description of a route that takes an Idempotency-Key."""

    def __post_init__(self) -> None:
        """Add the header."""
        header = Parameter(
            name="Idempotency-Key",
            param_in="header",
            required=False,
            description="A key of your choice, such as a random UUID, made anew for each request and sent again with each repetition "
            "of it. For 24 hours the same request under the same key gets the same answer, with `Idempotent-Replayed: true`. "
            "While the first is at work: 409 `idempotency_in_progress`; for another request: 422 `idempotency_mismatch`. "
            "Answers of 5xx and 429, and refusals of malformed requests, are not kept.",
            schema=Schema(
                type=OpenAPIType.STRING, min_length=1, max_length=KEY_LENGTH_MAX, pattern=f"^{PRINTABLE.pattern}$"
            ),
            example="0b51f9d6-5d4c-4a6f-8f0e-3c1f4f0c8a11",
        )
        self.parameters = [*(self.parameters or []), header]
