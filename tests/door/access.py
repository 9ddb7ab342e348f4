"""Who may ask what: every route, and what each kind of caller is answered, in one table."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import jwt
from msgspec import Struct
from msgspec.structs import asdict

from application.ports.gateway import CheckoutCompleted
from application.start_checkout import CheckoutWish
from builders import a_member
from domain.member import Member, UserId
from entrypoints.http.forms import FIELD
from entrypoints.http.identity import READ_SUBSCRIPTIONS, TOKEN_COOKIE
from entrypoints.http.members import MEMBERS_ADMIN
from http_world import World

OWNER: Final = a_member(user_id=UserId("member-a"), name="Amal of the matrix", email="amal@matrix.example.org")
OTHER: Final = a_member(user_id=UserId("member-b"), name="Badr of the matrix", email="badr@matrix.example.org")
ROLES: Final = ("nobody", "expired", "forged", "owner", "other", "platform", "unprofiled", "staff")
"""nobody: no token. expired, forged: the owner's, too old or signed by somebody else. owner: a member who has paid. other: another
member. platform: its back end, which may read subscriptions. unprofiled: a token that describes no member. staff: one that may export
and erase members."""

TABLE: Final = """
request                                               ids      nobody expired forged owner other platform unprofiled staff

GET  /api/v1/plans                                    -        200    200     200    200   200   200      200        200
POST /api/v1/checkouts                                -        401    401     401    409   201   403      403        403
GET  /api/v1/payments                                 -        401    401     401    200   200   200      200        200
GET  /api/v1/payments?starting_after={payment_id}     owner's  401    401     401    200   400   400      400        400
GET  /api/v1/payments?starting_after={payment_id}     unknown  401    401     401    400   400   400      400        400
GET  /api/v1/payments/{payment_id}                    owner's  401    401     401    200   404   404      404        404
GET  /api/v1/payments/{payment_id}                    unknown  401    401     401    404   404   404      404        404
GET  /api/v1/subscription                             -        401    401     401    200   200   200      200        200
GET  /api/v1/users/{user_id}/subscription             owner's  401    401     401    403   403   200      403        403
GET  /api/v1/subscriptions?user_id={user_id}          owner's  401    401     401    403   403   200      403        403
GET  /api/v1/subscriptions?user_id={user_id}          unknown  401    401     401    403   403   200      403        403
GET  /api/v1/users/{user_id}/subscription             unknown  401    401     401    403   403   200      403        403
GET  /api/v1/users/{user_id}/data                     owner's  401    401     401    403   403   403      403        200
GET  /api/v1/users/{user_id}/data                     unknown  401    401     401    403   403   403      403        404
POST /api/v1/users/{user_id}/erasure                  owner's  401    401     401    403   403   403      403        400
POST /api/v1/users/{user_id}/erasure                  unknown  401    401     401    403   403   403      403        400
POST /api/webhooks/stripe                             -        400    400     400    400   400   400      400        400
GET  /health/live                                     -        200    200     200    200   200   200      200        200
GET  /health/ready                                    -        200    200     200    200   200   200      200        200
GET  /metrics                                         -        200    200     200    200   200   200      200        200

GET  /                                                -        303    303     303    303   303   403      403        403
GET  /dashboard/{user_type}/payment                   -        303    303     303    200   200   403      403        403
POST /dashboard/{user_type}/payment                   -        303    303     303    303   303   403      403        403
GET  /dashboard/billing                               -        303    303     303    200   200   403      403        403
GET  /dashboard/billing?starting_after={payment_id}   owner's  303    303     303    200   400   403      403        403
GET  /dashboard/billing?starting_after={payment_id}   unknown  303    303     303    400   400   403      403        403
GET  /dashboard/billing/{payment_id}/receipt          owner's  303    303     303    200   404   403      403        403
GET  /dashboard/billing/{payment_id}/receipt          unknown  303    303     303    404   404   403      403        403
GET  /payment/success?session_id={session_id}         owner's  303    303     303    200   404   403      403        403
GET  /payment/success?session_id={session_id}         unknown  303    303     303    404   404   403      403        403
GET  /payment/cancel?payment_id={payment_id}          owner's  303    303     303    200   404   403      403        403
GET  /payment/cancel?payment_id={payment_id}          unknown  303    303     303    404   404   403      403        403
POST /payment/cancel payment_id={payment_id}          owner's  303    303     303    303   404   403      403        403
POST /payment/cancel payment_id={payment_id}          unknown  303    303     303    404   404   403      403        403

GET  /language/fr                                     -        303    303     303    303   303   303      303        303
GET  /assets/none.css                                 -        404    404     404    404   404   404      404        404
GET  /errors                                          -        200    200     200    200   200   200      200        200
GET  /errors/not_found                                -        200    200     200    200   200   200      200        200
GET  /schema                                          -        200    200     200    200   200   200      200        200
GET  /schema/25.7.1/swagger-ui.css                    -        200    200     200    200   200   200      200        200
GET  /schema/openapi.json                             -        200    200     200    200   200   200      200        200
GET  /schema/none                                     -        404    404     404    404   404   404      404        404

GET  /dev/sign-in                                     -        200    200     200    200   200   200      200        200
POST /dev/sign-in                                     -        422    422     422    422   422   422      422        422
GET  /dev/outbox                                      -        200    200     200    200   200   200      200        200
GET  /dev/outbox/none                                 -        404    404     404    404   404   404      404        404
GET  /dev/outbox/none/html                            -        404    404     404    404   404   404      404        404
"""
"""What a browser without a good token asks for leads to the sign-in page (303); the last five are for one machine only."""

PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


class Ids(Struct, frozen=True, kw_only=True):
    """What a request may name: the owner's things, or things of the same shape that nobody has."""

    payment_id: str
    session_id: str
    user_id: str
    user_type: str = "talent"


UNKNOWN: Final = Ids(payment_id="01900000-0000-7000-8000-00000000dead", session_id="cs_test_9", user_id="member-x")


class Row(Struct, frozen=True, kw_only=True):
    """One line of the table: a request, whose ids it names, and the status that each role gets."""

    method: str
    url: str
    form: str
    ids: str
    expected: dict[str, int]

    @property
    def name(self) -> str:
        """What the test is called."""
        return f"{self.method} {self.url} {self.form} {self.ids}"


def rows() -> list[Row]:
    """The table."""
    found = []
    for words in (line.split() for line in TABLE.strip().splitlines()[1:] if line):
        request, statuses = words[: -len(ROLES)], [int(word) for word in words[-len(ROLES) :]]
        method, url, *form, ids = request
        expected = dict(zip(ROLES, statuses, strict=True))
        found.append(Row(method=method, url=url, form="".join(form), ids=ids, expected=expected))
    return found


def declared(method: str, path: str) -> bool:
    """Whether the table says who may ask for a route, whose path may have parameters."""
    pattern = re.compile(PARAMETER.sub("[^/?]+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}")))
    return any(row.method == method and pattern.fullmatch(row.url.partition("?")[0]) for row in rows())


def routes_of(world: World) -> set[tuple[str, str]]:
    """Method and path of every route there is, also of those that the document leaves out."""
    return {
        (method, route.path)
        for route in world.app.app.routes
        for method in getattr(route, "methods", ())
        if method != "OPTIONS"
    }


class Matrix:
    """A world in which the owner has paid, and everybody asks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.owners = UNKNOWN
        transport = httpx.ASGITransport(app=world.app)  # type: ignore[arg-type] # Litestar's own types of ASGI
        self._client = httpx.AsyncClient(transport=transport, base_url="https://pay.example.org")

    async def begin(self) -> None:
        """Let the owner pay."""
        offered = await self.world.container.start_checkout()(CheckoutWish(member=OWNER))
        await self.world.happen(CheckoutCompleted(self.world.gateway.pay(offered.session_id)))
        payment_id = str(offered.payment.id)
        self.owners = Ids(payment_id=payment_id, session_id=offered.session_id, user_id=OWNER.user_id)

    def token(self, role: str) -> str | None:
        """The token of a role."""
        now = datetime.now(UTC)
        claims: dict[str, Any] = {"exp": now + timedelta(hours=1)}  # Any: claims
        secret = self.world.settings.tokens.secret or ""
        match role:
            case "nobody":
                return None
            case "expired":
                claims |= profile(OWNER) | {"exp": now - timedelta(minutes=2)}
            case "forged":
                claims, secret = claims | profile(OWNER), secret[::-1]
            case "owner":
                claims |= profile(OWNER)
            case "other":
                claims |= profile(OTHER)
            case "platform":
                claims |= {"sub": "platform", "scope": READ_SUBSCRIPTIONS}
            case "staff":
                claims |= {"sub": "staff", "scope": MEMBERS_ADMIN}
            case _:
                claims |= {"sub": "member-c"}
        return jwt.encode(claims, secret, algorithm="HS256")

    async def ask(self, role: str, row: Row, ids: Ids) -> httpx.Response:
        """What a role is answered. A form carries a good token of its own, so that it is not for want of that when it is refused."""
        token = self.token(role)
        headers = {} if token is None else {"Authorization": f"Bearer {token}", "Cookie": f"{TOKEN_COOKIE}={token}"}
        url, form = (PARAMETER.sub(lambda found: asdict(ids)[found[1]], text) for text in (row.url, row.form))
        fields = dict([form.split("=")]) if form else {}
        user_id = {"owner": OWNER.user_id, "other": OTHER.user_id, "platform": "platform", "staff": "staff"}.get(
            role, "member-c"
        )
        fields |= {FIELD: self.world.app.app.state.pages.forms.token(user_id), "amount": "30000", "currency": "mad"}
        content: dict[str, Any] = {"json": {}} if url.startswith("/api/") else {"data": fields}  # Any: options of httpx
        self._client.cookies.clear()
        return await self._client.request(row.method, url, headers=headers, **(content if row.method == "POST" else {}))


def profile(member: Member) -> dict[str, str]:
    """The claims that describe a member."""
    return {"sub": member.user_id, "user_type": member.user_type, "email": member.email, "name": member.name}


def without_ids(answer: httpx.Response, ids: Ids) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers, without the ids that were asked for and the id of the request."""
    request_id = answer.headers["request-id"]
    text = answer.text.replace(request_id, "")
    headers = {name: value for name, value in answer.headers.items() if name != "request-id"}
    for value in (ids.payment_id, ids.session_id, ids.user_id):
        text = text.replace(value, "")
        headers = {name: found.replace(value, "") for name, found in headers.items()}
    return answer.status_code, text, headers
