"""Sends traces by OpenTelemetry. Imported only where traces are wanted: what it needs is the extra `traces`."""

import asyncio
import logging
import os
import threading
from collections.abc import Mapping
from contextlib import AsyncExitStack
from contextvars import ContextVar
from importlib.metadata import version
from typing import Final
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Link, SpanKind, StatusCode, Tracer, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from entrypoints.tracing import Origin, Tracing, Work
from entrypoints.tracing.sampling import sampler_of

PACKAGE: Final = "talents-acting-payments"
PREFIX: Final = "payments."
KINDS: Final = {Origin.REQUEST: SpanKind.SERVER, Origin.JOB: SpanKind.CONSUMER}
FLUSH_SECONDS_MAX: Final = 2.0
"""For so long a process that stops waits for a collector that is away, and then gives up what is left."""

INTERRUPTED_SECONDS_MAX: Final = 1.0

_wanted: ContextVar[int | None] = ContextVar("trace_id_wanted", default=None)


class PaymentIds(RandomIdGenerator):
    """The id of the payment for its trace; a random one for what is about none."""

    def generate_trace_id(self) -> int:
        """The id of a new trace: 16 bytes as a number."""
        return _wanted.get() or super().generate_trace_id()


def open_tracing(closing: AsyncExitStack, endpoint: str) -> Tracing:
    """Traces to a collector that speaks OTLP over HTTP at a base URL, in batches, by a thread of their own.

    What else OpenTelemetry can be told by the environment (headers, names, when to sample) it reads itself, but for the sampling by a
    ratio, which goes by what was drawn for the id of a payment.
    """
    named = {SERVICE_VERSION: version(PACKAGE)}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        named[SERVICE_NAME] = PACKAGE
    sampler = sampler_of(os.environ)
    provider = TracerProvider(sampler, Resource.create(named), id_generator=PaymentIds())
    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer(PACKAGE)
    # What could not be sent in the end is an error. That it is tried again is none.
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)

    async def close() -> None:
        # A thread of its own: the interpreter would wait for one of asyncio's.
        sending = threading.Thread(target=provider.shutdown, daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, FLUSH_SECONDS_MAX)
        exporter.shutdown()  # type: ignore[no-untyped-call] # it has no types
        await asyncio.to_thread(sending.join, INTERRUPTED_SECONDS_MAX)

    closing.push_async_callback(close)
    return Tracing(lambda *told: tell(tracer, *told))


def tell(tracer: Tracer, work: Work, about: Mapping[str, str], began_at: int, ended_at: int) -> None:
    """Hand a work and its steps over as spans, in the trace of its payment."""
    payment_id = about.get("payment_id")
    before = _wanted.set(UUID(payment_id).int if payment_id is not None else None)
    try:
        span = tracer.start_span(
            work.name,
            context=Context(),
            kind=KINDS[work.origin],
            attributes={**work.attributes, **{f"{PREFIX}{name}": value for name, value in about.items()}},
            links=links_to(work.caller),
            start_time=began_at,
        )
    finally:
        _wanted.reset(before)
    if work.failed:
        span.set_status(StatusCode.ERROR)
    within = set_span_in_context(span, Context())
    for step in work.steps:
        child = tracer.start_span(
            step.name,
            context=within,
            kind=SpanKind.CLIENT,
            attributes={f"{PREFIX}{name}": value for name, value in step.attributes.items()},
            start_time=step.began_at,
        )
        if not step.went_well:
            child.set_status(StatusCode.ERROR)
        child.end(step.ended_at)
    span.end(ended_at)


def links_to(caller: str | None) -> list[Link]:
    """A link to the trace of whoever asked: that one is theirs, and the payment's is its own. What cannot be read is left out."""
    if caller is None:
        return []
    theirs = TraceContextTextMapPropagator().extract({"traceparent": caller}, Context())
    context = get_current_span(theirs).get_span_context()
    return [Link(context)] if context.is_valid else []
