"""The dashboard for Grafana shows figures that there are."""

import json
import re
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.api.asked_registry import Asked
from tests.api.browser import Browser

FILE = Path(__file__).parents[1] / "packaging" / "grafana" / "p2p_twisted.json"
_FIGURE = re.compile(r"\b(?:p2p|process)_[a-z_]+")


def panels() -> list[dict[str, Any]]:
    """Give the dashboard's panels."""
    found: list[dict[str, Any]] = json.loads(FILE.read_text())["panels"]
    return found


def expressions() -> list[str]:
    """Give what all panels ask Prometheus."""
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def test_figures_exist() -> None:
    """Each that a panel names is one that a peer or a registry tells."""
    told = set()
    for answer in (Browser().ask("GET", "/metrics"), Asked().browser.ask("GET", "/metrics")):
        for family in text_string_to_metric_families(answer.body.decode()):
            told |= {family.name, *(sample.name for sample in family.samples)}
    named = {figure for expression in expressions() for figure in _FIGURE.findall(expression)}
    assert len(named) > 12
    assert named - told == set()


def test_panels_are_apart() -> None:
    """No two have one number, or lie on each other, and each says what it shows."""
    taken: dict[tuple[int, int], str] = {}
    for panel in panels():
        where = panel["gridPos"]
        for x in range(where["x"], where["x"] + where["w"]):
            for y in range(where["y"], where["y"] + where["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
        assert where["x"] + where["w"] <= 24
        assert panel["description"].endswith(".")
    assert len({panel["id"] for panel in panels()}) == len(panels())
