"""Brackets, layout and money, each by itself."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from entrypoints.sandbox.cards import CARDS, is_card_number
from entrypoints.sandbox.errors import StripeFault
from entrypoints.sandbox.forms import parse_form
from entrypoints.sandbox.money import written
from entrypoints.sandbox.wire import new_id, pretty


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("expand[]=x&expand[]=y", {"expand": {"0": "x", "1": "y"}}),
        ("expand[0]=x&expand[1]=y", {"expand": {"0": "x", "1": "y"}}),
        ("l[][a]=1&l[][b]=2&l[][a]=3", {"l": {"0": {"a": "1", "b": "2"}, "1": {"a": "3"}}}),
        ("u=a%7BCHECKOUT_SESSION_ID%7D%26", {"u": "a{CHECKOUT_SESSION_ID}&"}),
        ("a%5Bb%5D=c+d", {"a": {"b": "c d"}}),
        ("a[b=1", {"a[b": "1"}),
    ],
)
def test_brackets_are_read_as_nested_parameters(text: str, read: object) -> None:
    assert read == parse_form(text.encode())


@given(some.binary(max_size=200))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    with contextlib.suppress(StripeFault):
        assert isinstance(parse_form(text), dict)


def test_recorded_objects_keep_the_order_of_their_keys(recordings: Path) -> None:
    bodies = [
        json.loads(file.read_text())["response"]["body"] for file in sorted((recordings / "http").glob("*_200.json"))
    ]

    assert len(bodies) > 10
    for body in bodies:
        assert json.dumps(body) == json.dumps(json.loads(pretty(body)))


def test_empty_objects_and_arrays_are_written_as_stripe_does() -> None:
    assert (
        pretty({"c": [{}], "b": [], "a": {}}) == '{\n  "a": {\n  },\n  "b": [\n\n  ],\n  "c": [\n    {\n    }\n  ]\n}'
    )


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (30000, "mad", "300.00 MAD"),
        (5, "usd", "0.05 USD"),
        (123456, "jpy", "123,456 JPY"),
        (1230, "kwd", "1.230 KWD"),
        (50000, "ugx", "500.00 UGX"),
    ],
)
def test_amounts_are_written_with_the_decimals_of_their_currency(amount: int, currency: str, text: str) -> None:
    assert text == written(amount, currency)


def test_card_numbers_are_judged_by_their_check_digit() -> None:
    assert all(is_card_number(number) for number in (*CARDS, "4111111111111111"))
    assert not any(is_card_number(number) for number in ("4242424242424241", "4242", "", "x" * 16, "\u0664" * 16))


@pytest.mark.parametrize(
    ("prefix", "length"), [("cus", 18), ("cs_test_a1", 66), ("pi", 27), ("evt", 28), ("in", 27), ("req", 18)]
)
def test_identifiers_are_as_long_as_stripes(prefix: str, length: int) -> None:
    assert length == len(new_id(prefix))
