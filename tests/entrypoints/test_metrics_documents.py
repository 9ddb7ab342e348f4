"""What operators are told of the metrics is what there is: every name in the guide and in the alerts, and no other."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import yaml

from application.ports.counts import JobCount, PaymentCount, StoreCounts
from application.ports.jobs import JobKind
from domain.payment import PaymentStatus
from entrypoints.metrics.measures import Measures
from entrypoints.metrics.stored import families_of

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations"
NAME = re.compile(r"\bpayments_[a-z_]+[a-z]\b")
SUFFIXES = ("_count", "_sum", "_bucket")


def names() -> set[str]:
    """Every metric, by the name under which it is asked for."""
    one = PaymentCount(status=PaymentStatus.PENDING, currency="mad", count=1)
    counts = StoreCounts(
        waiting=(one,),
        begun=(one,),
        jobs=(JobCount(kind=JobKind.ISSUE_RECEIPT),),
        parked_events=0,
        dead_events=0,
        parked_seconds=0,
        caught_up_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    families = [*Measures().registry.collect(), *families_of(counts)]
    return {family.name + ("_total" if family.type == "counter" else "") for family in families}


def test_the_guide_names_every_metric_and_no_other() -> None:
    rows = re.findall(r"^\| `(payments_\w+)` \|", (OPERATIONS / "metrics.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(names()) == sorted(rows)


def rules() -> list[dict[str, Any]]:  # Any: YAML
    """The alerts."""
    document = yaml.decode((OPERATIONS / "alerts.yml").read_bytes())
    return [rule for group in document["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_that_there_are(rule: dict[str, Any]) -> None:
    asked = NAME.findall(rule["expr"])
    known = names() | {name + suffix for name in names() for suffix in SUFFIXES}

    assert asked
    assert set() == set(asked) - known


def test_an_alert_that_names_a_page_names_a_heading_of_it() -> None:
    headings = re.findall(r"^## (.+)$", (OPERATIONS / "incidents.md").read_text(encoding="utf-8"), re.MULTILINE)
    told = [rule["annotations"]["description"] for rule in rules()]
    named = [found[1] for text in told if (found := re.match(r"incidents\.md, ([^:.]+)", text))]

    assert 5 < len(named)
    assert [] == [page for page in named if not any(heading.startswith(page) for heading in headings)]
