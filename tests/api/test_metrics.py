"""What operators ask: whether a daemon is well, and how it is in figures."""

import re
from typing import Any

from attrs import evolve
from prometheus_client.parser import text_string_to_metric_families

from tests.api.asked_registry import Asked
from tests.api.browser import Browser
from tests.console.fake_peer import STATUS, FakePeer


def figures(browser: Browser) -> dict[Any, float]:
    """Scrape; return each figure by its name and labels."""
    answer = browser.ask("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(answer.body.decode())
    samples = [sample for family in families for sample in family.samples]
    named = {(each.name, *each.labels.values()): each.value for each in samples}
    assert len(named) == len(samples)
    return named


def ready(**status: Any) -> int:
    """Return how a peer in some state answers to who asks whether it is ready."""
    peer = FakePeer()
    peer.status_now = evolve(STATUS, **status)
    return Browser(peer=peer).ask("GET", "/readyz").status


def test_peer() -> None:
    """Its figures are those of its status, in base units."""
    browser = Browser()
    [status] = browser.ask("GET", "/v1/status").lines
    told = figures(browser)
    assert told["p2p_peer_neighbors",] == len(status["neighbors"])
    assert told["p2p_peer_shared_files",] == status["files"]
    assert told["p2p_peer_shared_bytes",] == status["size"]
    assert told["p2p_peer_hashing_files",] == status["hashing"]
    assert told["p2p_peer_registered",] == status["registered"]
    assert told["p2p_peer_sent_bytes_total",] == status["sent"]
    assert told["p2p_peer_received_bytes_total",] == status["received"]
    [transfers] = browser.ask("GET", "/v1/transfers").lines
    assert told["p2p_peer_uploads",] == len(transfers["uploads"])
    assert told["p2p_peer_info", status["name"], status["network"], status["version"]] == 1
    assert told["process_cpu_seconds_total",] > 0
    assert all(re.fullmatch("(p2p_peer|process)_[a-z_]+", name) for name, *_labels in told)


def test_downloads() -> None:
    """They are counted by how they are."""
    browser = Browser()
    states = [each["state"] for each in browser.ask("GET", "/v1/transfers").lines[0]["downloads"]]
    told = figures(browser)
    counted = {key[1]: value for key, value in told.items() if key[0] == "p2p_peer_downloads"}
    assert counted == {state: states.count(state) for state in states}


def test_registry() -> None:
    """Its figures are those of its status."""
    asked = Asked()
    asked.join("s1")
    asked.join("s2", listens=False)
    told = figures(asked.browser)
    assert (told["p2p_registry_peers",], told["p2p_registry_reserved_names",]) == (1, 1)
    for path in ("/healthz", "/readyz"):
        assert asked.browser.ask("GET", path).status == 200


def test_health() -> None:
    """A peer that answers is well; it is ready once it is in the network, be it the first one."""
    assert Browser().ask("GET", "/healthz").status == 200
    assert ready(registered=True, neighbors=()) == 200
    assert ready(registered=False) == 200
    assert ready(registered=False, neighbors=()) == 503
    assert ready(address=None, registered=True) == 503
