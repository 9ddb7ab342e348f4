"""The kinds of hostile deliveries: each a function that draws one."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

from door.deliveries import (
    BODY_BYTES_MAX,
    HOSTILE_VALUES,
    NUMBERS_NO_PYTHON_WRITES,
    SECRET,
    SIGNATURES_MAX,
    Case,
    Draw,
    gzipped,
)

PLACE: Final = "here stands the hostile value"
STAMPS: Final[tuple[Callable[[int], str], ...]] = (
    *(lambda now: str(now - 301), lambda now: str(now + 301), lambda now: str(now + 31_536_000), lambda now: f"-{now}"),
    *(
        lambda now: f"+{now}",
        lambda now: f"0{now}",
        lambda now: f" {now}",
        lambda now: f"{now}.0",
        lambda now: f"{now}e0",
    ),
    *(lambda _: "", lambda _: "0", lambda _: "9" * 12, lambda _: "9" * 400, lambda _: "nan", lambda now: hex(now)),
    lambda now: str(now * 1000),
)


def good(draw: Draw) -> Case:
    """What Stripe really sends, and what it once sent."""
    body = draw.body()
    return draw.case("good", body, draw.signature(body) + b",v0=0", authentic=True)


def hostile_field(draw: Draw) -> Case:
    """Signed, with one to four values replaced by what nobody expects there."""
    document: Any = draw.document()  # Any: JSON
    for _ in range(draw.dice.randrange(1, 5)):
        _replace_somewhere(draw, document, draw.dice.choice(HOSTILE_VALUES))
    body = json.dumps(document).encode()
    return draw.case("hostile field", body, draw.signature(body), authentic=True)


def hostile_number(draw: Draw) -> Case:
    """Signed, with a number in a notation of its own."""
    document = draw.document()
    _replace_somewhere(draw, document, PLACE)
    body = json.dumps(document).encode().replace(f'"{PLACE}"'.encode(), draw.dice.choice(NUMBERS_NO_PYTHON_WRITES))
    return draw.case("hostile number", body, draw.signature(body), authentic=True)


def nested(draw: Draw) -> Case:
    """Signed, and deeper than any parser likes to go."""
    depth = draw.dice.choice([10, 500, 990, 1000, 1100, 5000, 50_000, 100_000])
    opening, end = draw.dice.choice([(b"[", b"]"), (b'{"a":', b"}")])
    deep = opening * depth + draw.dice.choice([b"1" + end * depth, b""])
    document = draw.document()
    _replace_somewhere(draw, document, PLACE)
    body = json.dumps(document).encode().replace(f'"{PLACE}"'.encode(), deep) if draw.dice.random() < 0.8 else deep
    body = body[:BODY_BYTES_MAX]
    return draw.case("nested", body, draw.signature(body), authentic=True)


def twice_the_key(draw: Draw) -> Case:
    """Signed, with a key that stands there twice."""
    name = draw.dice.choice(["id", "object", "type", "livemode", "created", "data"])
    value = json.dumps(draw.dice.choice(HOSTILE_VALUES))
    body = draw.body().replace(b"{", f'{{"{name}": {value},'.encode(), 1)
    return draw.case("key twice", body, draw.signature(body), authentic=True)


def any_bytes(draw: Draw) -> Case:
    """Bytes of any kind: signed, signed by a stranger, or with any header or none."""
    body = draw.dice.randbytes(draw.dice.choice([0, 1, 2, 50, 2000]))
    if draw.dice.random() < 0.5:
        return draw.case("any bytes, signed", body, draw.signature(body), authentic=True)
    headers = [draw.signature(body, secret="whsec_of_a_stranger"), _plain(draw.dice.randbytes(60)), b"", b"t=,v1="]
    return draw.case("any bytes", body, *draw.dice.sample(headers, draw.dice.randrange(2)), authentic=False)


def other_body(draw: Draw) -> Case:
    """A good signature beside a body that was changed on the way."""
    body = draw.body()
    at = draw.dice.randrange(len(body))
    changed = draw.dice.choice(
        [
            body[:at] + bytes([body[at] ^ (1 << draw.dice.randrange(8))]) + body[at + 1 :],
            body[:at],
            body + draw.dice.choice([b" ", b"\n", b"\0", b"}", body]),
            body[:at] + body[at + 1 :],
            b"\xef\xbb\xbf" + body,
            json.dumps(json.loads(body), separators=(",", ":")).encode(),
            body.decode().encode("utf-16"),
            gzipped(body),
            b"",
        ]
    )
    return draw.case("other body", changed, draw.signature(body), authentic=False)


def encoded(draw: Draw) -> Case:
    """Signed over bytes that are no plain UTF-8."""
    body = draw.body()
    changed = draw.dice.choice(
        [
            b"\xef\xbb\xbf" + body,
            body.decode().encode("utf-16"),
            body.decode().encode("utf-32-be"),
            body.decode().encode("utf-7"),
            gzipped(body),
            body.replace(b"evt_", b"evt_\xed\xa0\x80"),
            body.replace(b"evt_", b"evt_\xc0\xaf"),
            body.replace(b"evt_", b"evt_\xff"),
            body.replace(b"evt_", b"evt_\\ud800"),
            body.replace(b"evt_", b"evt_\0"),
            body.replace(b"\n", b"\r"),
            body.replace(b"\n", b"\x0b"),
        ]
    )
    return draw.case("encoded", changed, draw.signature(changed), authentic=True)


def no_signature(draw: Draw) -> Case:
    """A good body, and no signature that is its own."""
    body = draw.body()
    right = draw.digest(body, str(draw.now))
    stamp = b"t=%d," % draw.now
    headers = draw.dice.choice(
        [
            [],
            [b""],
            [stamp],
            [stamp + b"v1="],
            [stamp + b"v0=" + right],
            [stamp + b"V1=" + right],
            [stamp + b"v1=" + right.upper()],
            [stamp + b"v1=" + right[:-1]],
            [stamp + b"v1=" + right[:-1] + b"g"],
            [stamp + b"v1=" + right + b"0"],
            [b"v1=" + right],
            [b"t=%d;v1=%s" % (draw.now, right)],
            [stamp + b"v1=" + right[:32] + b"\xff" * 32],
            [b"t=\xc2\xb2%d,v1=%s" % (draw.now, right)],
            [draw.signature(body, secret="whsec_of_a_stranger"), b"t=1,v1=" + right],
            [draw.signature(body, secret=" ")],
            [draw.signature(b"")],
            [stamp + b",".join([b"v1=" + b"0" * 64] * draw.dice.randrange(1, 90))],
            [_plain(draw.dice.randbytes(draw.dice.choice([10, 1000, 4000, 8000])))],
        ]
    )
    return draw.case("no signature", body, *headers, authentic=False)


def other_time(draw: Draw) -> Case:
    """Signed at another time, or at one that is written in another way."""
    body = draw.body()
    stamp = draw.dice.choice(STAMPS)(draw.now)
    return draw.case("other time", body, b"t=%s,v1=%s" % (stamp.encode(), draw.digest(body, stamp)), authentic=False)


def odd_signature(draw: Draw) -> Case:
    """The right signature among others, twice, late, or in an odd shape. Whoever lets it in must have Stripe's own word for it."""
    body = draw.body()
    right = b"v1=" + draw.digest(body, str(draw.now), SECRET)
    wrong = [b"v1=%064x" % draw.number() for _ in range(draw.dice.randrange(30))]
    at = draw.dice.randrange(len(wrong) + 1)
    stamp = b"t=%d" % draw.now
    few = len(wrong) < SIGNATURES_MAX
    many = (b",".join([stamp, *wrong[:at], right, *wrong[at:]]),)
    headers, authentic = draw.dice.choice(
        [
            (many, True if few else None),
            ((b",".join([right, stamp]),), None),
            ((b",".join([stamp, stamp, right]),), None),
            ((b"t=1," + stamp + b"," + right,), None),
            ((stamp + b", " + right,), None),
            ((stamp + b"," + right + b",",), None),
            ((stamp + b"," + right, stamp + b"," + right), None),
            ((stamp + b",v1=" + b"0" * 64, stamp + b"," + right), None),
            ((stamp + b"," + right + b",x=" + b"y" * draw.dice.choice([10, 3000, 5000]),), None),
        ]
    )
    return draw.case("odd signature", body, *headers, authentic=authentic)


def at_the_limit(draw: Draw) -> Case:
    """Signed, and as large as may be, or larger."""
    size = draw.dice.choice([BODY_BYTES_MAX - 1, BODY_BYTES_MAX, BODY_BYTES_MAX + 1, 2 * BODY_BYTES_MAX])
    document = draw.session_event()
    document["data"]["object"]["padding"] = ""
    body = json.dumps(document).encode()
    body = body.replace(b'"padding": ""', b'"padding": "%s"' % (b"x" * (size - len(body))))
    return draw.case("at the limit", body, draw.signature(body), authentic=True, chunks=draw.dice.choice([None, 65536]))


def _replace_somewhere(draw: Draw, document: Any, value: object) -> None:  # Any: JSON
    """Put a value in the place of another, which mostly lies deep inside."""
    thing = document
    while True:
        keys = list(thing) if isinstance(thing, dict) else list(range(len(thing)))
        deeper = [key for key in keys if isinstance(thing[key], dict | list) and thing[key]]
        if not deeper or draw.dice.random() < 0.2:
            thing[draw.dice.choice(keys)] = deepcopy(value)
            return
        thing = thing[draw.dice.choice(deeper)]


def _plain(found: bytes) -> bytes:
    """The bytes without those that no header may hold, which the server itself refuses."""
    return bytes(byte for byte in found if byte >= 0x20 and byte != 0x7F).strip()


Kinds = tuple[tuple[Callable[[Draw], Case], int], ...]
"""Kinds, and how often each is drawn beside the others."""

SIGNED: Final[Kinds] = (
    (good, 2),
    (hostile_field, 8),
    (hostile_number, 2),
    (nested, 1),
    (twice_the_key, 2),
    (encoded, 3),
)
UNSIGNED: Final[Kinds] = ((any_bytes, 2), (other_body, 4), (no_signature, 4), (other_time, 2), (odd_signature, 3))
KINDS: Final = SIGNED + UNSIGNED

LARGE_EVERY: Final = 150


def drawn(draw: Draw, number: int) -> Case:
    """The case of a number."""
    if number % LARGE_EVERY == 0:
        return at_the_limit(draw)
    return one_of(KINDS, draw)


def drawn_signed(draw: Draw, _number: int) -> Case:
    """One that is signed, and may get as far as the store."""
    return one_of(SIGNED, draw)


def one_of(kinds: Kinds, draw: Draw) -> Case:
    """A case of one of these kinds."""
    (make,) = draw.dice.choices([make for make, _ in kinds], [often for _, often in kinds])
    return make(draw)
