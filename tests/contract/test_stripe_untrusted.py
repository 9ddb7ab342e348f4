"""What Stripe's events carry is not trusted further than it has to be: typed names, impossible figures, signatures that are guessed."""

import hmac
from datetime import UTC, datetime

import pytest

from adapters.stripe import signature
from adapters.stripe.signature import verify
from application.errors import InvalidEvent, InvalidSignature
from application.ports.gateway import CheckoutCompleted, Unreadable
from contract.stripe_events import READER, a_stripe_event, a_stripe_session, in_stripe_s_layout, read

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
MARKUP = "<script>alert(1)</script>{{7*7}}\r\nBcc: all@example.org\u202e"


@pytest.mark.parametrize("field", ["name", "email", "phone", "address", "tax_ids"])
def test_nothing_that_a_member_types_at_stripe_is_taken_over(field: str) -> None:
    event = a_stripe_event(a_stripe_session())
    typed = {"customer_details": {field: MARKUP}, "customer_email": MARKUP, "custom_fields": [{"text": MARKUP}]}
    event_typed = event | {"data": {"object": event["data"]["object"] | typed}}

    assert isinstance(read(event).fact, CheckoutCompleted)
    assert read(event).fact == read(event_typed).fact


@pytest.mark.parametrize("figure", [-1, -(2**63), 10**12, 2**63 - 1, 2**63, 10**30, 300.5, "30000", True])
def test_an_amount_that_no_amount_can_be_is_never_a_figure_of_ours(figure: object) -> None:
    fact = READER.read(in_stripe_s_layout(a_stripe_event(session=a_stripe_session() | {"amount_total": figure}))).fact

    assert isinstance(fact, Unreadable)


@pytest.mark.parametrize("figure", [b"NaN", b"Infinity", b"-Infinity", b"030000", b"+30000"])
def test_an_amount_that_json_does_not_know_makes_a_body_no_event(figure: bytes) -> None:
    session = a_stripe_session() | {"amount_total": 424242}
    body = in_stripe_s_layout(a_stripe_event(session=session)).replace(b"424242", figure)

    assert figure in body
    with pytest.raises(InvalidEvent):
        READER.read(body)


@pytest.mark.parametrize("right", [None, 0, 1, 2])
def test_every_signature_is_compared_with_every_secret_in_constant_time_whichever_is_right(
    monkeypatch: pytest.MonkeyPatch, right: int | None
) -> None:
    """No answer comes sooner for a guess that begins well, nor for one secret rather than another."""
    compared: list[tuple[bytes, bytes]] = []

    def watched(expected: bytes, given: bytes) -> bool:
        compared.append((expected, given))
        return hmac.compare_digest(expected, given)

    class Watched:
        digest = staticmethod(hmac.digest)
        compare_digest = staticmethod(watched)

    monkeypatch.setattr(signature, "hmac", Watched)
    secrets, stamp = ("whsec_one", "whsec_two", "whsec_three"), int(NOW.timestamp())
    made = [hmac.digest(secret.encode(), f"{stamp}.".encode() + b"{}", "sha256").hex() for secret in secrets]
    guesses = [made[right] if right is not None else "0" * 64, made[0][:-1] + "x"]
    try:
        verify(b"{}", f"t={stamp},v1={guesses[0]},v1={guesses[1]}", secrets, NOW)
        good = True
    except InvalidSignature:
        good = False

    assert good is (right is not None)
    assert [(one.encode(), guess.encode()) for one in made for guess in guesses] == compared
