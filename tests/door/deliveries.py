"""Deliveries to the webhook door as an enemy, a fool or a broken proxy would make them. The same seed makes the same ones."""

import gzip
import hmac
import json
import random
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from door.wire import Header

SECRET: Final = "whsec_of_the_endpoint_0123"
ROLLED_SECRET: Final = "whsec_of_the_endpoint_4567"
SECRETS: Final = (ROLLED_SECRET, SECRET)
BODY_BYTES_MAX: Final = 512 * 1024
SIGNATURES_MAX: Final = 15

Json = dict[str, Any]  # Any: JSON


class Case(Struct, frozen=True, kw_only=True):
    """One delivery. `authentic` says whether Stripe signed this very body just now; null where that is for the SDK to say."""

    kind: str
    headers: list[Header]
    body: bytes
    authentic: bool | None
    chunks: int | None = None


class Target(Struct, frozen=True, kw_only=True):
    """A checkout of ours that can be paid."""

    session_id: str
    payment_id: str
    user_id: str
    amount: int
    currency: str

    @property
    def payment_intent_id(self) -> str:
        """With which it is paid."""
        return f"pi_of_{self.session_id}"


HOSTILE_VALUES: Final[tuple[object, ...]] = (
    *(None, True, False, -1, 0, 1, 30000, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**70), 10**400, 0.5, 1e308),
    *(
        float("nan"),
        float("inf"),
        "",
        " ",
        "\0",
        "evt_\0",
        "\ud800",
        "\udfff\ud800",
        "\u202egpj",
        "\x1b[31m",
        "\r\nSet-Cookie: a=b",
    ),
    *("x" * 256, "x" * 70_000, "\u0633" * 255, "'; DROP TABLE payments; --", "<script>alert(1)</script>", "{{7*7}}"),
    *(
        "../../etc/passwd",
        "NaN",
        "null",
        "usd",
        "MAD",
        "paid",
        "open",
        "2026-01-15T12:00:00Z",
        "0001-01-01T00:00:00+23:59",
    ),
    *([], {}, [[]], [None] * 1000, {"": ""}, {"payment_id": "\0"}, {f"k{number}": "v" for number in range(500)}),
)
NUMBERS_NO_PYTHON_WRITES: Final = (
    b"1e999",
    b"-1e999",
    b"9" * 5000,
    b"0" * 50,
    b"-0",
    b"1E400",
    b"0x10",
    b"1_000",
    b".5",
    b"01",
)
TYPES: Final = (
    *("checkout.session.completed", "checkout.session.expired", "checkout.session.async_payment_failed"),
    *("checkout.session.async_payment_succeeded", "checkout.session.completed", "\0", ""),
)


RETURN_TYPES: Final = (
    *("refund.created", "refund.updated", "refund.failed", "charge.refund.updated", "charge.refunded"),
    *("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn"),
)
STATUSES: Final = (
    *("pending", "succeeded", "failed", "canceled", "requires_action", "needs_response", "under_review", "won", "lost"),
    *("warning_closed", "prevented", "appeal_under_review", "new_word"),
)


class Draw:
    """The dice, and what they are thrown for: a checkout of ours, the time (Unix seconds) and events that Stripe once sent."""

    def __init__(self, seed: str, target: Target, now: int, recorded: list[bytes]) -> None:
        self.dice = random.Random(seed)  # noqa: S311 # dice that fall the same again, for tests
        self.target = target
        self.now = now
        self.recorded = recorded

    def session_event(self) -> Json:
        """An event about our checkout, of any kind that we read."""
        target = self.target
        session: Json = {
            "id": target.session_id,
            "object": "checkout.session",
            "amount_total": target.amount,
            "client_reference_id": target.payment_id,
            "currency": target.currency,
            "expires_at": self.now + 3600,
            "invoice": f"in_{self.number()}",
            "livemode": False,
            "metadata": {"payment_id": target.payment_id, "user_id": target.user_id},
            "mode": "payment",
            "payment_intent": target.payment_intent_id,
            "payment_status": self.dice.choice(["paid", "unpaid"]),
            "status": self.dice.choice(["complete", "expired"]),
        }
        return self.event(self.dice.choice(TYPES), session)

    def return_event(self) -> Json:
        """An event about money of our payment that goes back: some of it, all of it, or more than it was."""
        target = self.target
        amount = self.dice.choice([0, 1, target.amount // 3, target.amount, target.amount + 1])
        thing: Json = {
            "id": f"{self.dice.choice(['re', 'du', 'ch'])}_{self.dice.randrange(3)}_{target.payment_intent_id}",
            "amount": amount,
            "amount_refunded": amount,
            "created": self.now - self.dice.randrange(3600),
            "currency": self.dice.choice([target.currency, "usd"]),
            "payment_intent": self.dice.choice([target.payment_intent_id, {"id": target.payment_intent_id}]),
            "status": self.dice.choice(STATUSES),
        }
        return self.event(self.dice.choice(RETURN_TYPES), thing)

    def event(self, type: str, thing: Json) -> Json:
        """An event as Stripe wraps it."""
        return {
            "id": f"evt_{self.number()}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": self.now - self.dice.randrange(3600),
            "data": {"object": thing},
            "livemode": False,
            "type": type,
        }

    def document(self) -> Json:
        """An event of ours, or one that Stripe once sent, told of our payment."""
        if not self.recorded or self.dice.random() < 0.6:
            return self.dice.choice([self.session_event, self.return_event])()
        found: Json = json.loads(self.dice.choice(self.recorded))
        found |= {"id": f"evt_{self.number()}", "livemode": False, "object": "event"}
        thing = found.get("data", {}).get("object")
        if isinstance(thing, dict) and "payment_intent" in thing:
            thing |= {
                "payment_intent": self.target.payment_intent_id,
                "metadata": {"payment_id": self.target.payment_id},
            }
        return found

    def number(self) -> int:
        """A number that hardly ever comes twice."""
        return self.dice.randrange(10**12)

    def body(self) -> bytes:
        """The bytes of a document as Stripe lays them out."""
        return json.dumps(self.document(), indent=2, ensure_ascii=False).encode()

    def signature(self, body: bytes, *, secret: str | None = None, at: int | None = None) -> bytes:
        """The header that Stripe sends with a body."""
        stamp = self.now if at is None else at
        return b"t=%d,v1=%s" % (stamp, self.digest(body, str(stamp), secret or self.dice.choice(SECRETS)))

    def digest(self, body: bytes, stamp: str, secret: str = SECRET) -> bytes:
        """The scheme v1, in hexadecimal digits."""
        return hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex().encode()

    def case(
        self, kind: str, body: bytes, *signatures: bytes, authentic: bool | None, **more: Any
    ) -> Case:  # Any: options
        """A case, now and then with other headers around its signature, and in chunks."""
        headers = [(self.dice.choice([b"Stripe-Signature", b"stripe-signature"]), value) for value in signatures]
        if self.dice.random() < 0.3:
            headers += self.dice.sample(NOISE, self.dice.randrange(1, 4))
        chunks = self.dice.choice([None, None, 1 + len(body) // 7])
        return Case(kind=kind, headers=headers, body=body, authentic=authentic, **({"chunks": chunks} | more))


NOISE: Final[list[Header]] = [
    (b"Content-Type", b"text/plain"),
    (b"Content-Type", b"application/json; charset=utf-16"),
    (b"Content-Type", b"multipart/form-data"),
    (b"Content-Type", b"\xff\xfe"),
    (b"Content-Encoding", b"gzip"),
    (b"Content-Encoding", b"br, identity"),
    (b"Accept", b"text/html"),
    (b"Accept-Language", b"fr;q=nan, \xe9"),
    (b"Authorization", b"Bearer a.b.c"),
    (b"Cookie", b"payments_token=\xff; payments_language=../../en"),
    (b"Request-Id", b"\x80" * 200),
    (b"Request-Id", b"evil id"),
    (b"Expect", b"100-continue"),
    (b"Expect", b"a miracle"),
    (b"X-Forwarded-For", b"169.254.169.254"),
    (b"X-Forwarded-Proto", b"javascript"),
    (b"X-HTTP-Method-Override", b"DELETE"),
    (b"Range", b"bytes=0-0"),
    (b"X-Long", b"a" * 6000),
    (b"Idempotency-Key", b"\xc3\x28"),
]


def recorded_events(folder: Path) -> list[bytes]:
    """Events that Stripe once sent, from a folder of JSON files; none where it is absent."""
    return [path.read_bytes() for path in sorted(folder.glob("*.json"))]


def gzipped(body: bytes) -> bytes:
    """The body as some proxy might send it on."""
    return gzip.compress(body, mtime=0)
