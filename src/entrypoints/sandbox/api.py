"""The door of the API: authentication, faults, idempotency and headers around each operation, as one ASGI application under /v1."""

import asyncio
import base64
import binascii
import re
import time
from dataclasses import dataclass, field
from urllib.parse import unquote

from litestar.types import HTTPScope, Receive, Send

from entrypoints.sandbox.calls import Call
from entrypoints.sandbox.errors import StripeFault, invalid, made_to_fail, no_api_key, wrong_api_key
from entrypoints.sandbox.events import API_VERSION
from entrypoints.sandbox.faults import ApiFault
from entrypoints.sandbox.forms import Form, parse_form
from entrypoints.sandbox.idempotency import claim, fingerprint, is_kept, keep, release
from entrypoints.sandbox.line import Line, line_of
from entrypoints.sandbox.resources import operate
from entrypoints.sandbox.sandbox import Sandbox, SeenRequest
from entrypoints.sandbox.state import StoredAnswer
from entrypoints.sandbox.wire import new_id, pretty

BODY_BYTES_MAX = 1_000_000
_VERSION = re.compile(r"20\d\d-\d\d-\d\d(?:\.[a-z]+)?\Z")
_PROXY_PAGE = "<html>\n<head><title>{0}</title></head>\n<body><center><h1>{0}</h1></center></body>\n</html>\n"


@dataclass
class Answer:
    """What goes back. headers: beyond those that every answer has."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    replayed: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: bytes
    body: bytes
    headers: dict[str, str]
    request_id: str

    @property
    def key(self) -> str | None:
        """Its idempotency key: for POST alone."""
        return self.headers.get("idempotency-key") or None if self.method == "POST" else None


class Api:
    """Answers everything under /v1."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        asked = Asked(
            method=str(scope["method"]),
            path=_path(scope),
            query=scope["query_string"],
            body=await _body(receive),
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            request_id=new_id("req"),
        )
        fault = self.sandbox.faults.for_call(asked.method, asked.path)
        seen = SeenRequest(
            at=time.time(),
            method=asked.method,
            path=asked.path,
            idempotency_key=asked.key,
            status=None,
            request_id=asked.request_id,
            fault=fault.kind if fault else None,
        )
        self.sandbox.requests.append(seen)
        answer = await self._answer(asked, fault, line_of(scope))
        seen.status, seen.replayed = answer.status or None, answer.replayed
        if asked.method != "GET":
            self.sandbox.changed()
        await _send(asked, answer, send)

    async def _answer(self, asked: Asked, fault: ApiFault | None, line: Line) -> Answer:
        try:
            if fault is not None and fault.kind == "drop_before":
                line.cut()
                return Answer(0, "")
            if len(asked.body) > BODY_BYTES_MAX:
                raise StripeFault(413, "The request body is too large.")
            _authenticate(asked, self.sandbox.config.api_key)
            if not _VERSION.match(asked.headers.get("stripe-version", API_VERSION)):
                raise invalid(f"Invalid Stripe API version: {asked.headers['stripe-version'][:60]}")
            form = _form(asked)
            answer = await self._once(asked, form, fault)
        except StripeFault as error:
            answer = _refusal(asked, error)
        if fault is not None:
            _spoil(answer, fault, line)
        return answer

    async def _once(self, asked: Asked, form: Form, fault: ApiFault | None) -> Answer:
        key = asked.key
        if key is None:
            return await self._run(asked, form, fault)
        print_of_form = fingerprint(form)
        stored = claim(self.sandbox, key, asked.method, asked.path, print_of_form)
        if stored is not None:
            headers = {"Idempotency-Key": key, "Original-Request": stored.request_id, "Idempotent-Replayed": "true"}
            if stored.status < 500:
                headers["Stripe-Should-Retry"] = "false"
            return Answer(stored.status, stored.body, headers, replayed=True)
        try:
            answer = await self._run(asked, form, fault)
            if is_kept(answer.status) and (fault is None or fault.kind not in ("status", "html")):
                self._keep(asked, key, print_of_form, answer)
        finally:
            release(self.sandbox, key)
        answer.headers |= {"Idempotency-Key": key, "Original-Request": asked.request_id}
        return answer

    def _keep(self, asked: Asked, key: str, print_of_form: str, answer: Answer) -> None:
        stored = StoredAnswer(
            method=asked.method,
            path=asked.path,
            fingerprint=print_of_form,
            status=answer.status,
            body=answer.body,
            request_id=asked.request_id,
            stored_at=self.sandbox.state.now(),
        )
        keep(self.sandbox, key, stored)

    async def _run(self, asked: Asked, form: Form, fault: ApiFault | None) -> Answer:
        if fault is not None and fault.kind == "latency":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind in ("status", "stored_status", "html"):
            return _refusal(asked, made_to_fail(fault.status))
        request = {"id": asked.request_id, "idempotency_key": asked.key}
        try:
            result = operate(self.sandbox, Call(asked.method, asked.path, form, request))
        except StripeFault as error:
            return _refusal(asked, error)
        if fault is not None and fault.kind == "status_after":
            return _refusal(asked, made_to_fail(fault.status))
        return Answer(200, pretty(result), _retry_header(asked))


def _authenticate(asked: Asked, expected: str) -> None:
    scheme, _, rest = asked.headers.get("authorization", "").partition(" ")
    given = rest.strip()
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            given = ""
    elif scheme.lower() != "bearer":
        given = ""
    if not given:
        raise no_api_key()
    if given != expected:
        raise wrong_api_key(given)


def _form(asked: Asked) -> Form:
    form = parse_form(asked.query)
    if asked.method == "GET" or not asked.body:
        return form
    kind = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", ""):
        raise invalid(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any "
            "questions, we can help at https://support.stripe.com/."
        )
    return {**form, **parse_form(asked.body)}


def _refusal(asked: Asked, error: StripeFault) -> Answer:
    body = error.body()
    if error.status != 401:
        log = f"https://dashboard.stripe.com/test/logs/{asked.request_id}?t={int(time.time())}"
        body["error"]["request_log_url"] = log
    headers = {**error.headers}
    if error.status < 500 and error.status not in (401, 409, 429):
        headers |= _retry_header(asked)
    return Answer(error.status, pretty(body), headers)


def _retry_header(asked: Asked) -> dict[str, str]:
    return {"Stripe-Should-Retry": "false"} if asked.method == "POST" else {}


def _spoil(answer: Answer, fault: ApiFault, line: Line) -> None:
    if fault.should_retry is not None:
        answer.headers["Stripe-Should-Retry"] = "true" if fault.should_retry else "false"
    if fault.kind in ("html", "html_after"):
        answer.status = 502 if fault.status == 500 else fault.status
        answer.body = _PROXY_PAGE.format(f"{answer.status} Bad Gateway")
        answer.content_type = "text/html"
    elif fault.kind == "drop_after":
        line.cut()
    elif fault.kind == "drop_mid_body":
        line.cut(after_bytes=len(answer.body) // 2)


def _path(scope: HTTPScope) -> str:
    raw = scope.get("raw_path") or scope["path"].encode()
    path = unquote(raw.partition(b"?")[0].decode("latin-1"), errors="replace")
    return path if path.startswith("/v1") else f"/v1{path}"


async def _body(receive: Receive) -> bytes:
    """The whole body, or one byte more than is allowed."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        if size <= BODY_BYTES_MAX:
            parts.append(message["body"])
            size += len(message["body"])
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(asked: Asked, answer: Answer, send: Send) -> None:
    body = answer.body.encode()
    headers = {
        "Content-Type": answer.content_type,
        "Content-Length": str(len(body)),
        "Request-Id": asked.request_id,
        "Stripe-Version": asked.headers.get("stripe-version", API_VERSION),
        "Cache-Control": "no-cache, no-store",
        **answer.headers,
    }
    pairs = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status or 500, "headers": pairs})
    await send({"type": "http.response.body", "body": body, "more_body": False})
