"""What operators are told of the metrics is what there is: every name in the guide and in the alerts, and no other."""

import json
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


@pytest.mark.parametrize(
    "rule", [rule for rule in rules() if "increase(" in rule["expr"]], ids=lambda rule: rule["alert"]
)
def test_what_an_alert_sees_increase_stands_at_0_when_a_process_starts(rule: dict[str, Any]) -> None:
    asked = re.findall(r"increase\((\w+)(?:\{([^}]*)\})?\[", rule["expr"])
    began = [sample for family in Measures().registry.collect() for sample in family.samples]

    assert asked
    for name, selector in asked:
        labels = dict(re.findall(r'(\w+)="([^"]*)"', selector))
        found = [one.value for one in began if one.name == name and labels.items() <= one.labels.items()]

        assert found
        assert 0 == sum(found)


def test_an_alert_that_names_a_page_names_a_heading_of_it() -> None:
    headings = re.findall(r"^## (.+)$", (OPERATIONS / "incidents.md").read_text(encoding="utf-8"), re.MULTILINE)
    told = [rule["annotations"]["description"] for rule in rules()]
    named = [found[1] for text in told if (found := re.match(r"incidents\.md, ([^:.]+)", text))]

    assert 5 < len(named)
    assert [] == [page for page in named if not any(heading.startswith(page) for heading in headings)]


DASHBOARD = json.loads((OPERATIONS / "grafana.json").read_bytes())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
OF_PROMETHEUS = frozenset({"le", "instance"})
"""Labels that it adds itself."""


def labels_of(metric: str) -> set[str]:
    """The labels of a metric, as the guide has them."""
    guide = (OPERATIONS / "metrics.md").read_text(encoding="utf-8")
    name = next(known for known in sorted(names(), key=len, reverse=True) if metric.startswith(known))
    (cell,) = re.findall(rf"^\| `{name}` \| ([^|]*) ?\|", guide, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", cell))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_of_the_dashboard_asks_for_metrics_and_labels_that_there_are(
    panel: dict[str, Any],
) -> None:  # Any: JSON
    known = names() | {name + suffix for name in names() for suffix in SUFFIXES}
    for target in panel["targets"]:
        asked = set(NAME.findall(target["expr"]))
        grouped = {
            label.strip() for group in re.findall(r"by \(([^)]*)\)", target["expr"]) for label in group.split(",")
        }
        matched = set(re.findall(r"[{,]\s*(\w+)\s*(?:=|!=|=~|!~)", target["expr"]))
        shown = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))

        assert asked
        assert set() == asked - known
        for metric in asked:
            assert set() == (grouped | matched) - labels_of(metric) - OF_PROMETHEUS
        assert shown <= grouped


def test_the_dashboard_shows_every_metric_that_there_is() -> None:
    asked = {name for panel in PANELS for target in panel["targets"] for name in NAME.findall(target["expr"])}

    assert [] == [name for name in sorted(names()) if not any(one.startswith(name) for one in asked)]


def test_the_panels_of_the_dashboard_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        place = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}

        assert at["x"] + at["w"] <= 24
        assert not place & taken
        taken |= place
    assert len(DASHBOARD["panels"]) == len({panel["id"] for panel in DASHBOARD["panels"]})
