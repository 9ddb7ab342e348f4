"""Stripe and Resend as far as they are asked here, in no time: what is left is what asking them costs whoever asks.

`python -m bench.stub PORT`. A process of its own over HTTP/1.1 with kept connections. It makes customers and Checkout Sessions out of what
is sent, tells of invoices, takes mails, and has empty lists of all else. It remembers nothing.
"""

import asyncio
import hashlib
import sys
import time
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import parse_qsl

import msgspec
import uvloop

from bench.events import session_document

END_OF_HEAD: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length: "
SECRET_LENGTH: Final = 56
Fields = dict[str, str]


def document_id(kind: str, about: str, length: int = 24) -> str:
    """An id as long as Stripe's, the same each time for what it is about."""
    return f"{kind}_{hashlib.sha256(about.encode()).hexdigest()[:length]}"


def metadata_of(fields: Fields) -> Fields:
    """The metadata among the fields of a form."""
    return {name[9:-1]: value for name, value in fields.items() if name.startswith("metadata[")}


def customer(fields: Fields) -> dict[str, Any]:  # Any: a JSON document
    """A new customer."""
    return {
        "id": document_id("cus", fields["email"], 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": int(time.time()),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": fields["email"],
        "invoice_prefix": "BENCH001",
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": metadata_of(fields),
        "name": fields["name"],
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def session(fields: Fields) -> dict[str, Any]:  # Any: a JSON document
    """A new Checkout Session that is open."""
    reference = fields["client_reference_id"]
    identifier = "cs_test_a1" + hashlib.sha256(reference.encode()).hexdigest()[:SECRET_LENGTH]
    amount = int(fields["line_items[0][price_data][unit_amount]"])
    return session_document(int(time.time())) | {
        "id": identifier,
        "amount_subtotal": amount,
        "amount_total": amount,
        "cancel_url": fields["cancel_url"],
        "client_reference_id": reference,
        "currency": fields["line_items[0][price_data][currency]"],
        "customer": fields["customer"],
        "customer_creation": None,
        "customer_details": {"address": None, "email": None, "name": None, "phone": None, "tax_exempt": "none"},
        "expires_at": int(fields["expires_at"]),
        "invoice": None,
        "locale": fields["locale"],
        "metadata": metadata_of(fields),
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "open",
        "submit_type": None,
        "success_url": fields["success_url"],
        "url": f"https://checkout.stripe.com/c/pay/{identifier}#fidkdWxOYHwnPyd1blpxYHZxWjA0",
    }


def invoice(identifier: str) -> dict[str, Any]:  # Any: a JSON document
    """An invoice that is paid, as far as it is looked at."""
    url = f"https://invoice.stripe.com/i/{identifier}"
    return {"id": identifier, "object": "invoice", "hosted_invoice_url": url, "invoice_pdf": f"{url}/pdf"}


MADE: Final[dict[str, Callable[[Fields], dict[str, Any]]]] = {  # Any: JSON documents
    "/v1/customers": customer,
    "/v1/checkout/sessions": session,
}


def answer(method: str, path: str, body: bytes) -> dict[str, Any]:  # Any: a JSON document
    """What is answered to a request."""
    if method == "POST" and path in MADE:
        return MADE[path](dict(parse_qsl(body.decode(), keep_blank_values=True)))
    if method == "POST" and path == "/emails":
        return {"id": document_id("mail", hashlib.sha256(body).hexdigest(), 32)}
    if path.startswith("/v1/invoices/"):
        return invoice(path.rpartition("/")[2])
    return {"object": "list", "data": [], "has_more": False, "url": path}


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self._transport = cast("asyncio.Transport", transport)  # of TCP; uvloop's has the methods and not the class

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._received += data
        while True:
            head, end, rest = self._received.partition(END_OF_HEAD)
            if not end:
                return
            _, name, after = head.lower().partition(LENGTH)
            length = int(after.partition(b"\r\n")[0]) if name else 0
            if len(rest) < length:
                return
            self._received = rest[length:]
            method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
            self._write(answer(method, target.partition("?")[0], rest[:length]))

    def _write(self, document: object) -> None:
        content = msgspec.json.encode(document)
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRequest-Id: req_bench\r\nConnection: keep-alive\r\n"
            b"Content-Length: %d\r\n\r\n"
        )
        if self._transport is not None:
            self._transport.write(head % len(content) + content)


async def serve(port: int) -> None:
    """Answer until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
