"""However Stripe or the way to it fails, the application hears one of its own words for it, and within the deadline."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import pytest

from adapters.stripe.gateway import StripeGateway
from application.errors import ProviderRefused, ProviderUnavailable
from builders import a_member, a_payment_id
from contract.gateways import ProviderInSandbox, a_provider_customer, an_open_checkout, an_order
from contract.sandboxes import SandboxHands, gateway_to
from entrypoints.sandbox.server import SandboxServer

Call = Callable[[StripeGateway], Awaitable[object]]

CALLS: Final[dict[str, Call]] = {
    "create_customer": lambda gateway: gateway.create_customer(gateway.prepare_customer(a_member()), key="k"),
    "find_customer": lambda gateway: gateway.find_customer(gateway.prepare_customer(a_member())),
    "checkout": lambda gateway: gateway.checkout("cs_test_1"),
    "find_checkout": lambda gateway: gateway.find_checkout(a_payment_id(), "cus_1"),
    "expire_checkout": lambda gateway: gateway.expire_checkout("cs_test_1"),
    "invoice": lambda gateway: gateway.invoice("in_1"),
}


@pytest.fixture
async def once(sandbox_server: SandboxServer, sandbox: SandboxHands) -> AsyncIterator[ProviderInSandbox]:
    """Our gateway without repetitions of its own."""
    async with gateway_to(sandbox_server.url, retries_max=0, try_seconds_max=0.3, call_seconds_max=0.5) as gateway:
        yield ProviderInSandbox(gateway, sandbox)


@pytest.mark.parametrize(
    ("fault", "answered"),
    [
        ({"kind": "status", "status": 500}, True),
        ({"kind": "stored_status", "status": 503}, True),
        ({"kind": "status", "status": 408}, False),
        ({"kind": "status", "status": 409}, False),
        ({"kind": "status", "status": 429}, False),
        ({"kind": "status", "status": 401}, False),
        ({"kind": "status", "status": 403}, False),
        ({"kind": "html"}, True),
        ({"kind": "html_after"}, True),
        ({"kind": "drop_before"}, False),
        ({"kind": "drop_after"}, False),
        ({"kind": "drop_mid_body"}, False),
        ({"kind": "latency", "seconds": 1.0}, False),
    ],
)
@pytest.mark.parametrize("call", CALLS)
async def test_every_fault_of_every_call_is_one_to_try_again(
    once: ProviderInSandbox, call: str, fault: dict[str, object], answered: bool
) -> None:
    await once.hands.fault(times=5, **fault)  # type: ignore[arg-type] # the kind is among the fields

    with pytest.raises(ProviderUnavailable) as fault_met:
        await CALLS[call](once.gateway)
    assert answered == fault_met.value.answered
    assert fault_met.value.retry_after_seconds > 0


@pytest.mark.parametrize("status", [400, 402, 404])
async def test_a_refusal_is_not_to_be_tried_again(once: ProviderInSandbox, status: int) -> None:
    await once.hands.fault("status", status=status)

    with pytest.raises(ProviderRefused):
        await a_provider_customer(once)


async def test_a_refused_key_is_asked_again_later_than_other_faults(once: ProviderInSandbox) -> None:
    await once.hands.fault("status", status=401)
    with pytest.raises(ProviderUnavailable) as refused:
        await a_provider_customer(once)
    await once.hands.fault("status", status=500)
    with pytest.raises(ProviderUnavailable) as failed:
        await a_provider_customer(once)

    assert refused.value.retry_after_seconds > failed.value.retry_after_seconds


@pytest.mark.parametrize("kind", ["status_after", "drop_after", "drop_mid_body", "html_after"])
async def test_after_a_lost_answer_the_same_call_finds_the_same_object(once: ProviderInSandbox, kind: str) -> None:
    order = an_order(once, await a_provider_customer(once))
    await once.hands.fault(kind, path="/v1/checkout/sessions")
    with pytest.raises(ProviderUnavailable):
        await an_open_checkout(once, order)

    if kind == "status_after":  # Stripe keeps its own errors under a key: only a search finds the object
        with pytest.raises(ProviderUnavailable) as replayed:
            await an_open_checkout(once, order)
        assert replayed.value.answered
    else:
        assert order.payment_id == (await an_open_checkout(once, order)).payment_id
    assert await once.gateway.find_checkout(order.payment_id, order.customer_id) is not None
    assert 1 == await once.session_count()


async def test_a_kept_error_comes_back_under_its_key_and_not_under_another(once: ProviderInSandbox) -> None:
    order = an_order(once, await a_provider_customer(once))
    request = once.gateway.prepare_checkout(order)
    await once.hands.fault("stored_status", path="/v1/checkout/sessions")
    for _ in range(2):
        with pytest.raises(ProviderUnavailable) as refused:
            await once.gateway.open_checkout(request, key="first")
        assert refused.value.answered

    opened = await once.gateway.open_checkout(request, key="second")
    assert order.payment_id == opened.payment_id


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status"},
        {"kind": "status", "status": 409},
        {"kind": "html"},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
    ],
)
async def test_a_passing_fault_is_not_even_noticed(in_sandbox: ProviderInSandbox, fault: dict[str, object]) -> None:
    order = an_order(in_sandbox, await a_provider_customer(in_sandbox))
    await in_sandbox.hands.fault(path="/v1/checkout/sessions", **fault)  # type: ignore[arg-type] # the kind is among the fields

    assert order.payment_id == (await an_open_checkout(in_sandbox, order)).payment_id
    assert 1 == await in_sandbox.session_count()


async def test_a_call_ends_within_its_deadline_whatever_its_repetitions(
    sandbox_server: SandboxServer, sandbox: SandboxHands
) -> None:
    await sandbox.fault("latency", seconds=1, times=20)
    async with gateway_to(sandbox_server.url, try_seconds_max=0.2, call_seconds_max=0.5) as gateway:
        began = time.monotonic()
        with pytest.raises(ProviderUnavailable):
            await gateway.checkout("cs_test_1")

    assert time.monotonic() - began < 2


async def test_a_call_that_is_given_up_leaves_the_gateway_usable(once: ProviderInSandbox) -> None:
    await once.hands.fault("latency", seconds=0.4)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(once.gateway.checkout("cs_test_1"), 0.05)

    assert await once.gateway.checkout("cs_test_1") is None


async def test_a_server_that_is_not_there_is_to_be_tried_again() -> None:
    async with gateway_to("http://127.0.0.1:1", retries_max=0) as gateway:
        for call in CALLS.values():
            with pytest.raises(ProviderUnavailable):
                await call(gateway)


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """A server that answers every request with these bytes and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()


def http(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n".encode() + body


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "answer",
    [
        http(b""),
        http(b"{}"),
        http(b"[]"),
        http(b"null"),
        http(b"1"),
        http(b'"ok"'),
        http(b"\xff\xfe"),
        http(b"<html>Welcome to the hotel</html>"),
        http(b'{"object": "list", "data": null}'),
        http(b'{"object": "list", "data": [{}]}'),
        http(b'{"object": "list", "data": [1]}'),
        http(b'{"id": 1, "object": "checkout.session", "mode": "payment"}'),
        http(b'{"id": null}'),
        http(b"{" * 100_000),
        http(b"", "302 Found", "Location: http://127.0.0.1:1/\r\n"),
        http(b"", "204 No Content"),
        http(b"{}", "500 Internal Server Error"),
        http(b'{"error": "text"}', "500 Internal Server Error"),
        http(b'{"error": {"type": "of next year"}}', "503 Service Unavailable"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
async def test_an_answer_that_is_none_of_stripe_s_is_one_to_try_again(answer: bytes, call: str) -> None:
    async with answering(answer) as url, gateway_to(url, retries_max=0, call_seconds_max=2) as gateway:
        with pytest.raises(ProviderUnavailable):
            await CALLS[call](gateway)


async def test_a_server_that_cannot_prove_who_it_is_is_to_be_tried_again() -> None:
    async def no_tls(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(http(b"{}"))
        writer.close()

    server = await asyncio.start_server(no_tls, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, gateway_to(url, retries_max=0) as gateway:
        for call in CALLS.values():
            with pytest.raises(ProviderUnavailable):
                await call(gateway)
