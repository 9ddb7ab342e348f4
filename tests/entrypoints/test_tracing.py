"""What a process tells of its work for traces, and what it keeps to itself."""

import os
import sys
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from adapters.ids import new_id
from application.log_context import about, also_about
from entrypoints.late_adapters import Closing, choose_tracing
from entrypoints.settings import ConfigurationError, read_settings
from entrypoints.tracing import Origin, Tracing, Work
from entrypoints.tracing.exporter import PaymentIds, tell
from entrypoints.tracing.sampling import sampler_of

Told = list[tuple[Work, dict[str, str], int, int]]


def tracing_into(told: Told) -> Tracing:
    """Traces that are only kept."""
    return Tracing(lambda work, ids, began_at, ended_at: told.append((work, dict(ids), began_at, ended_at)))


def test_a_work_is_told_with_all_that_it_turned_out_to_be_about_but_the_member() -> None:
    told: Told = []
    with about(request_id="r"), tracing_into(told).work(Origin.REQUEST, "POST") as work, about(event_id="e"):
        also_about(payment_id="p", user_id="somebody@example.org")
        work.name = "POST /api/webhooks/stripe"
    ((found, ids, began_at, ended_at),) = told

    assert ("POST /api/webhooks/stripe", False) == (found.name, found.failed)
    assert {"request_id": "r", "event_id": "e", "payment_id": "p"} == ids
    assert began_at <= ended_at


def test_one_work_does_not_know_what_another_was_about() -> None:
    told: Told = []
    tracing = tracing_into(told)
    for payment_id in ("one", "two"):
        with tracing.work(Origin.JOB, "job"), about(payment_id=payment_id):
            pass
    with tracing.work(Origin.JOB, "job"):
        pass

    assert [{"payment_id": "one"}, {"payment_id": "two"}, {}] == [ids for _, ids, _, _ in told]


def test_a_call_is_a_step_of_the_work_in_which_it_was_made_and_of_no_other() -> None:
    told: Told = []
    tracing = tracing_into(told)
    tracing.step("stripe early", seconds=0.1, went_well=True)
    with tracing.work(Origin.JOB, "job"):
        tracing.step("stripe refunds.create", seconds=0.25, went_well=False, outcome="refused", stripe_request_id=None)
    ((work, _, _, ended_at),) = told
    (step,) = work.steps

    assert ("stripe refunds.create", False, {"outcome": "refused"}) == (step.name, step.went_well, step.attributes)
    assert 250_000_000 == step.ended_at - step.began_at
    assert step.ended_at <= ended_at


def test_a_work_that_raises_has_failed() -> None:
    told: Told = []
    with pytest.raises(ValueError, match="broken"), tracing_into(told).work(Origin.JOB, "job"):
        raise ValueError("broken")

    assert [True] == [work.failed for work, _, _, _ in told]


def test_without_a_collector_nothing_is_traced_and_without_the_extra_the_start_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "entrypoints.tracing.exporter", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    wanted = read_settings({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, tmp_path)

    assert choose_tracing(Closing(), read_settings({}, tmp_path)) is None
    with pytest.raises(ConfigurationError, match="OTEL_EXPORTER_OTLP_ENDPOINT: needs the extra `traces`"):
        choose_tracing(Closing(), wanted)


@pytest.mark.parametrize("sampler", ["traceidratio", "parentbased_traceidratio"])
@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.75])
def test_a_ratio_keeps_that_part_of_the_payments_and_the_same_ones_in_every_process(
    sampler: str, ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", str(ratio))
    ids = [str(new_id()) for _ in range(2_000)]
    kept = kept_of(ids)

    assert ratio == pytest.approx(len(kept) / len(ids), abs=0.06)
    assert kept == kept_of(ids)


@pytest.mark.parametrize("ratio", ["a tenth", "1.5", ""])
def test_a_ratio_that_is_none_keeps_all_and_is_told(
    ratio: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", ratio)
    ids = [str(new_id()) for _ in range(20)]

    assert set(ids) == kept_of(ids)
    assert "OTEL_TRACES_SAMPLER_ARG is no ratio" in caplog.text


def kept_of(payment_ids: list[str]) -> set[str]:
    """Those payments of whose work a process with the environment's sampler sends spans: the work itself and a step of it."""
    spans = InMemorySpanExporter()
    provider = TracerProvider(sampler_of(os.environ), id_generator=PaymentIds())
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracing = Tracing(partial(tell, provider.get_tracer("kept")))
    for payment_id in payment_ids:
        with tracing.work(Origin.JOB, "job"), about(payment_id=payment_id):
            tracing.step("stripe", seconds=0.1, went_well=True)
    sent = [str(UUID(int=span.context.trace_id)) for span in spans.get_finished_spans() if span.context is not None]

    assert len(sent) == 2 * len(set(sent))

    return set(sent)
