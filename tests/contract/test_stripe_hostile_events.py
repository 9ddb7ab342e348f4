"""Whatever bytes were signed: an event, or InvalidEvent; never anything else."""

import json
from datetime import UTC

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.stripe.events import REASON_LENGTH_MAX
from application.errors import InvalidEvent
from application.ports.gateway import ProviderEvent, Unreadable
from contract.stripe_events import READER, Json, a_stripe_event, a_stripe_session, in_stripe_s_layout

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "\0", "\ud800", "x" * 300, 2**63, 2**64, -(2**70), 10**400, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
EVENT_FIELDS = ["id", "object", "type", "created", "livemode", "api_version", "account", "data", "request"]
SESSION_FIELDS = sorted(a_stripe_session())


def read_or_refused(body: bytes) -> ProviderEvent | None:
    """The event, null for InvalidEvent. Anything else comes out, and so does an event that could not be stored."""
    try:
        event = READER.read(body)
    except InvalidEvent:
        return None
    for word in (event.id, event.type, event.api_version or ""):
        assert "\0" not in word
        word.encode()
    assert event.created.astimezone(UTC) == event.created
    if isinstance(event.fact, Unreadable):
        event.fact.reason.encode()
        assert len(event.fact.reason) <= REASON_LENGTH_MAX
    return event


def as_bytes(document: object) -> bytes:
    """JSON as Python writes it, NaN and lone surrogates included."""
    return json.dumps(document).encode()


@given(body=st.binary(max_size=200))
def test_bytes_of_any_kind(body: bytes) -> None:
    assert read_or_refused(body) is None


@given(document=VALUES)
def test_json_of_any_kind(document: object) -> None:
    assert read_or_refused(as_bytes(document)) is None


@settings(max_examples=200)
@given(name=st.sampled_from(EVENT_FIELDS), value=VALUES)
@example(name="created", value="0001-01-01T00:00:00+23:59")
@example(name="created", value="9999-12-31T23:59:59-23:59")
@example(name="created", value="2026-11-03T12:00:00")
@example(name="created", value=10**18)
@example(name="created", value=True)
@example(name="id", value="evt_\0")
@example(name="id", value="evt_\ud800")
@example(name="id", value="evt_\u202e")
@example(name="api_version", value="\0")
def test_an_event_with_any_value_in_one_field(name: str, value: object) -> None:
    for thin in (False, True):
        event = a_stripe_event() | ({"object": "v2.core.event", name: value} if thin else {name: value})
        found = read_or_refused(as_bytes(event))

        assert found is None or found.body == as_bytes(event)


@settings(max_examples=200)
@given(name=st.sampled_from(SESSION_FIELDS), value=VALUES)
@example(name="id", value="cs_\ud800")
@example(name="currency", value="\ud800")
@example(name="url", value="\0")
@example(name="status", value="x" * 70_000)
@example(name="amount_total", value=10**30)
@example(name="expires_at", value=-(10**11))
@example(name="metadata", value={"payment_id": "\0"})
def test_a_session_with_any_value_in_one_field(name: str, value: object) -> None:
    for kind in ("checkout.session.completed", "checkout.session.expired", "checkout.session.async_payment_failed"):
        found = read_or_refused(as_bytes(a_stripe_event(a_stripe_session(**{name: value}), type=kind)))

        assert found is None or kind == found.type


@pytest.mark.parametrize("inside", ["session", "data", "event", "unknown"])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_a_hundred_thousand_nested_brackets(inside: str, brackets: str) -> None:
    opening = '{"a":' if brackets == "{}" else "["
    deep = opening * 100_000 + "1" + brackets[1] * 100_000
    place: Json = {
        "session": a_stripe_event(a_stripe_session(metadata="DEEP")),
        "data": a_stripe_event("DEEP"),
        "event": a_stripe_event(account="DEEP"),
        "unknown": a_stripe_event(of_next_year="DEEP"),
    }[inside]
    event = read_or_refused(as_bytes(place).replace(b'"DEEP"', deep.encode()))

    assert event is None or isinstance(event.fact, Unreadable)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"evt"',
        b"1",
        b"NaN",
        b"{}",
        b"\xef\xbb\xbf{}",
        b'{"id": "evt_1"}',
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"object": "event", "id": "evt_1", "type": "x", "created": 1e400}',
        b'{"object": "event", "id": "evt_1", "type": "x", "created": NaN}',
        b'{"object": "event", "id": "evt_1", "type": "x", "created": ' + b"9" * 5000 + b"}",
        b'{"object": "charge", "id": "evt_1", "type": "x", "created": 1}',
        b'{"object": "event", "id": "", "type": "x", "created": 1}',
        b'{"object": "event", "id": "evt_1", "type": "\\u0000", "created": 1}',
        b'{"object": "event", "id": "\xff", "type": "x", "created": 1}',
        b'{"object": "event", "id": "\\ud800", "type": "x", "created": 1}',
        b'{"object": "event", "id": "evt_1", "type": "x", "created": -99999999999999}',
    ],
)
def test_signed_bytes_that_are_no_event(body: bytes) -> None:
    assert read_or_refused(body) is None


def test_of_two_fields_with_one_name_either_may_count_but_nothing_breaks() -> None:
    body = in_stripe_s_layout(a_stripe_event()).replace(b'"livemode": false', b'"livemode": true, "livemode": false', 1)

    event = read_or_refused(body)

    assert event is None or body == event.body


@pytest.mark.parametrize("figure", [10**30, 2**64, -(2**63) - 1, 2**63])
def test_a_figure_beyond_any_amount_is_kept(figure: int) -> None:
    event = read_or_refused(as_bytes(a_stripe_event(a_stripe_session(amount_total=figure))))

    assert event is not None
