"""A collector of traces on 127.0.0.1: takes what processes send by OTLP over HTTP, and knows it by trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message

from msgspec import Struct
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from journeys.receiver import receiving


class Span(Struct, frozen=True):
    """One span. `trace`, `parent` and `links` are ids in hex; `attributes` are those of the span and of whoever sent it."""

    service: str
    trace: str
    id: str
    parent: str
    name: str
    began_at: int
    ended_at: int
    failed: bool
    attributes: dict[str, str]
    links: list[str]


class Collector:
    """What has come."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Span] = []
        self.raw = b""

    def take(self, body: bytes) -> None:
        """Take one request of an exporter."""
        self.raw += body
        for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
            of_sender = {one.key: one.value.string_value for one in sent.resource.attributes}
            for scope in sent.scope_spans:
                for span in scope.spans:
                    values = {one.key: one.value for one in span.attributes}
                    self.spans.append(
                        Span(
                            service=of_sender["service.name"],
                            trace=span.trace_id.hex(),
                            id=span.span_id.hex(),
                            parent=span.parent_span_id.hex(),
                            name=span.name,
                            began_at=span.start_time_unix_nano,
                            ended_at=span.end_time_unix_nano,
                            failed=span.status.code == span.status.STATUS_CODE_ERROR,
                            attributes={
                                key: value.string_value or str(value.int_value) for key, value in values.items()
                            },
                            links=[link.trace_id.hex() for link in span.links],
                        )
                    )

    def of_trace(self, trace: str) -> list[Span]:
        """The spans of a trace in the order of their beginnings."""
        return sorted((span for span in self.spans if span.trace == trace), key=lambda span: span.began_at)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens."""
    collector = Collector()

    def take(path: str, _headers: Message, body: bytes) -> bytes | None:
        if path != "/v1/traces":
            return None
        collector.take(body)
        return b""

    with receiving(take) as port:
        collector.url = f"http://127.0.0.1:{port}"
        yield collector
