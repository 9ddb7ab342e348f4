"""Which traces are kept where only a part of them is wanted."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.sdk.environment_variables import OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, SamplingResult, TraceIdRatioBased

log = logging.getLogger(__name__)

BY_RATIO: Final = {"traceidratio": False, "parentbased_traceidratio": True}
"""OpenTelemetry's names of the samplers that keep a part, and whether a parent's decision goes first."""

DRAWN_BITS: Final = 32
"""How many of its last bits are drawn anew for each id. Before them an id has the variant of a UUID (RFC 9562, 4.1) and a counter, which
ids of the same millisecond have nearly in common."""

HALF_BITS: Final = 64


class PaymentRatio(TraceIdRatioBased):
    """Keeps the traces of a part of the payments, by what was drawn for their ids, so that all processes keep the same ones."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        *args: Any,  # Any: handed on as they come
        **kwargs: Any,  # Any: handed on as they come
    ) -> SamplingResult:
        """Whether a trace is kept: OpenTelemetry compares the lower half of the id, from its first bit, with the ratio."""
        return super().should_sample(parent_context, trace_id << (HALF_BITS - DRAWN_BITS), *args, **kwargs)


def sampler_of(environment: Mapping[str, str]) -> Sampler | None:
    """The sampler by ratio that OpenTelemetry's variables ask for; null where they ask for none, and the SDK sees to it itself."""
    parent_first = BY_RATIO.get(environment.get(OTEL_TRACES_SAMPLER, "").lower())
    if parent_first is None:
        return None
    told = environment.get(OTEL_TRACES_SAMPLER_ARG, "")
    try:
        sampler = PaymentRatio(float(told))
    except ValueError:
        log.error("%s is no ratio from 0 to 1: every trace is kept", OTEL_TRACES_SAMPLER_ARG)
        sampler = PaymentRatio(1.0)
    return ParentBased(sampler) if parent_first else sampler
