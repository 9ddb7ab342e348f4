"""Our check of signatures against the one of Stripe's own SDK: at least as strict, and never any other exception."""

import hmac
import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, cast

import pytest
import stripe
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.stripe.signature import verify
from application.errors import InvalidSignature

SECRET: Final = "whsec_of_the_tests"
OTHER: Final = "whsec_of_another_endpoint"
BODY: Final = '{\n  "id": "evt_1",\n  "name": "\u0633\u0644\u0645\u0649"\n}'
NOW: Final = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


class Oracle(Protocol):
    """The part of the SDK that signs and verifies. The SDK leaves it untyped."""

    def generate_signature_header(self, payload: str, secret: str, timestamp: int) -> str: ...
    def verify_header(self, payload: str, header: str, secret: str, tolerance: int | None) -> bool: ...


ORACLE: Final = cast("Oracle", stripe.WebhookSignature)


def header(body: str = BODY, secret: str = SECRET, at: datetime = NOW) -> str:
    """A header as the SDK makes it."""
    return ORACLE.generate_signature_header(body, secret, int(at.timestamp()))


def accepted(
    given_header: str | None, body: bytes = BODY.encode(), secrets: tuple[str, ...] = (SECRET,), now: datetime = NOW
) -> bool:
    """Whether our check lets a delivery in; any exception but InvalidSignature comes out."""
    try:
        verify(body, given_header, secrets, now)
    except InvalidSignature:
        return False
    return True


def accepted_by_the_sdk(given_header: str, body: str, secret: str) -> bool:
    """Whether the SDK would let it in, whatever its age."""
    try:
        return ORACLE.verify_header(body, given_header, secret, None)
    except (stripe.SignatureVerificationError, TypeError):
        return False


SIGNATURE: Final = header().partition("v1=")[2]
STAMP: Final = int(NOW.timestamp())

HEADERS: Final = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(
            [
                f"t={STAMP}",
                f"t=0{STAMP}",
                f"t=+{STAMP}",
                f"t= {STAMP}",
                f"t={STAMP}.0",
                f"t={STAMP}_0",
                "t=",
                "t",
                "t=\u0661\u0662\u0663",
                f"v1={SIGNATURE}",
                f" v1={SIGNATURE}",
                f"v1={SIGNATURE.upper()}",
                f"v1={SIGNATURE}=x",
                f"v1={SIGNATURE[:-1]}",
                "v1=",
                "v1",
                f"v0={SIGNATURE}",
                f"v1={'0' * 64}",
                "v1=\u0661" + "0" * 63,
                "",
                "=",
                "\0",
                "x=y",
            ]
        ),
        max_size=6,
    ).map(",".join),
)


@given(body=st.text(max_size=300), secret=st.text("abc_123", min_size=1, max_size=40))
def test_what_the_sdk_signs_we_accept(body: str, secret: str) -> None:
    try:
        raw = body.encode()
    except UnicodeEncodeError:
        return

    assert accepted(header(body, secret), raw, (secret,))


@settings(max_examples=200)
@given(given_header=HEADERS)
@example(given_header=f"t=0{STAMP},v1={SIGNATURE}")
@example(given_header=f"v1={SIGNATURE},t={STAMP}")
@example(given_header=f"t={STAMP},v1={SIGNATURE},v1")
def test_what_we_accept_the_sdk_accepts(given_header: str) -> None:
    if accepted(given_header):
        assert accepted_by_the_sdk(given_header, BODY, SECRET)


def test_a_stamp_signed_with_a_leading_zero_is_no_stripe_s() -> None:
    stamp = f"0{STAMP}"
    digest = hmac.digest(SECRET.encode(), f"{stamp}.{BODY}".encode(), "sha256").hex()

    assert not accepted_by_the_sdk(f"t={stamp},v1={digest}", BODY, SECRET)
    assert not accepted(f"t={stamp},v1={digest}")


@given(raw=st.binary(max_size=400), given_header=st.one_of(st.none(), HEADERS))
def test_bytes_of_any_kind_are_refused_and_nothing_else(raw: bytes, given_header: str | None) -> None:
    assert not accepted(given_header, raw + b"!")


@given(position=st.integers(0, len(BODY.encode()) - 1), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_body_is_refused(position: int, bit: int) -> None:
    body = bytearray(BODY.encode())
    body[position] ^= 1 << bit

    assert not accepted(header(), bytes(body))


@given(position=st.integers(0, len(SIGNATURE) - 1), character=st.sampled_from("0123456789abcdefABCDEF\u0660\0 "))
def test_one_changed_character_of_the_signature_is_refused(position: int, character: str) -> None:
    changed = SIGNATURE[:position] + character + SIGNATURE[position + 1 :]

    assert accepted(f"t={STAMP},v1={changed}") == (changed == SIGNATURE)


@pytest.mark.parametrize(
    ("seconds", "good"), [(0, True), (-300, True), (300, True), (-301, False), (301, False), (365 * 86400, False)]
)
def test_the_age_may_be_300_seconds_either_way(seconds: int, good: bool) -> None:
    assert good == accepted(header(at=NOW + timedelta(seconds=seconds)))


def test_a_header_of_this_moment_is_accepted_by_both() -> None:
    now = datetime.now(UTC)
    made = header(at=now)

    assert accepted(made, now=now)
    assert ORACLE.verify_header(BODY, made, SECRET, 300)


def test_any_of_two_secrets_is_enough() -> None:
    assert accepted(header(secret=OTHER), secrets=(SECRET, OTHER))
    assert accepted(header(secret=SECRET), secrets=(SECRET, OTHER))
    assert not accepted(header(secret="whsec_third"), secrets=(SECRET, OTHER))


def test_a_header_signed_with_two_secrets_is_accepted_by_either() -> None:
    both = f"{header(secret=OTHER)},{header().partition(',')[2]}"

    assert accepted(both, secrets=(SECRET,))
    assert accepted(both, secrets=(OTHER,))


@pytest.mark.parametrize("secret", ["", " ", "\t\n"])
def test_an_empty_secret_proves_nothing(secret: str) -> None:
    assert not accepted(header(secret=secret), secrets=(secret,))
    assert not accepted(header(), secrets=())


@pytest.mark.parametrize(
    "given_header",
    [
        None,
        "",
        ",",
        "t",
        f"t={STAMP}",
        f"v1={SIGNATURE}",
        f"t=,v1={SIGNATURE}",
        f"t={STAMP},t={STAMP},v1={SIGNATURE}",
        f"t={STAMP - 1},t={STAMP},v1={SIGNATURE}",
        f"t={STAMP},v1={SIGNATURE.upper()}",
        f"t={STAMP}, v1={SIGNATURE}",
        f"t={STAMP},v0={SIGNATURE}",
        f"t={STAMP},v1={SIGNATURE}\u0661",
        f"t=\u0661\u0667,v1={SIGNATURE}",
        f"t={STAMP},v1=\udcff{SIGNATURE[1:]}",
        f"t={'9' * 4000},v1={SIGNATURE}",
        f"t=-{STAMP},v1={SIGNATURE}",
        f"t={STAMP}e0,v1={SIGNATURE}",
        "t=0,v1=" + "0" * 64,
        ",".join([f"t={STAMP}", *([f"v1={'0' * 64}"] * 20), f"v1={SIGNATURE}"]),
        f"t={STAMP},v1={'0' * 1_000_000}",
        "x" * 1_000_000,
        "," * 1_000_000,
        "=" * 1_000_000,
    ],
)
def test_hostile_headers_are_refused_quickly(given_header: str | None) -> None:
    began = time.process_time()
    good = accepted(given_header)

    assert not good
    assert time.process_time() - began < 0.1


def test_every_refusal_reads_the_same() -> None:
    refusals = set()
    for given_header in (None, "x", f"t={STAMP},v1={'0' * 64}", header(at=NOW - timedelta(days=1)), f"t={STAMP}"):
        with pytest.raises(InvalidSignature) as refused:
            verify(BODY.encode(), given_header, (SECRET,), NOW)
        refusals.add(str(refused.value))

    assert len(refusals) == 1


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"\0", b"{" * 100_000])
def test_the_bytes_count_whatever_they_are(body: bytes) -> None:
    assert not accepted(header(), body)


@pytest.mark.parametrize("place", [0, 1, 2, None])
def test_every_signature_is_compared_in_constant_time_wherever_the_good_one_stands(
    monkeypatch: pytest.MonkeyPatch, place: int | None
) -> None:
    """How long a refusal takes tells neither how much of a signature was right nor which of them."""
    compared: list[tuple[bytes, bytes]] = []
    in_constant_time = hmac.compare_digest

    def noted(expected: bytes, given: bytes) -> bool:
        compared.append((expected, given))
        return in_constant_time(expected, given)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    given = [SIGNATURE if number == place else f"{number}{SIGNATURE[1:-1]}{number}" for number in range(3)]
    taken = accepted(f"t={STAMP},{','.join(f'v1={one}' for one in given)}", secrets=(SECRET, OTHER))

    assert (place is not None) == taken
    assert [one.encode() for one in given] * 2 == [one for _, one in compared]
    assert SIGNATURE.encode() == compared[0][0]
