"""The page of /metrics, read as Prometheus reads it."""

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(page: str) -> Samples:
    """The samples of a page by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def sample(found: Samples, name: str, **labels: str) -> float | None:
    """The value of one sample; null where there is none."""
    return found.get((name, tuple(sorted(labels.items()))))
