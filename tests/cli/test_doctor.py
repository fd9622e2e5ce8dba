"""What the doctor says of how a peer stands with the others."""

from pathlib import Path
from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli import doctor
from p2p_twisted.cli.doctor import _network, _own_places, _reach
from p2p_twisted.runtime.exit_status import Exit


def status(**fields: Any) -> dict[str, Any]:
    """Describe a peer that has joined."""
    address = {"name": "anna", "host": "10.77.0.23", "port": 9000}
    return {"address": address, "reachable": False, "neighbors": [], **fields}


@pytest.mark.parametrize("fault", [None, "the registry's certificate has ended"])
def test_clock(fault: str | None) -> None:
    """A wrong clock that keeps members apart is found, whether the registry can be asked or not."""
    place = "127.0.0.1:1"
    wrong = status(registry_fault=fault, registry=place, network="lab", clock_fault="set it")
    found = {each.name: each for each in _network(wrong)}
    assert (found["registry"].is_ok, found["clock"].is_ok) == (False, False)
    assert found["clock"].text == "set it"


def test_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several registries it is said which answer, and what is wrong with the others."""
    monkeypatch.setattr(doctor, "registry_faults", lambda places, _network, _is_private: faults)
    monkeypatch.setattr(doctor, "search_lan", lambda _is_it, **_how: [])
    named = "10.77.0.1:9011,10.77.0.2:9011"
    well = status(registry_fault=None, registry=named, network="lab", clock_ahead=0.0)
    faults: dict[str, str | None] = dict.fromkeys(named.split(","))
    found = next(_network(well))
    assert found == ("registry", True, f"{named.replace(',', ' and ')} answer, network lab", 1)
    faults["10.77.0.1:9011"] = "is it on?"
    found = next(_network(well))
    assert found == ("registry", None, "10.77.0.2:9011 answers, network lab, but: is it on?", 1)
    faults["10.77.0.2:9011"] = "runs it?"
    found = next(_network(well))
    assert found == ("registry", False, "is it on?; runs it?", Exit.NO_NETWORK)


class ReachTests(SynchronousTestCase):
    """Whether others can dial it."""

    def test_reached(self) -> None:
        """It is well where they can, and on one machine; nobody knows before it was tried."""
        self.assertIs(_reach(status(reachable=True)).is_ok, True)
        self.assertIsNone(_reach(status(reachable=None)).is_ok)
        here = {"name": "anna", "host": "127.0.0.1", "port": 9000}
        self.assertIs(_reach(status(reachable=None, address=here)).is_ok, True)
        there = {"name": "anna", "host": "fd00::1", "port": 9000}
        reached = _reach(status(reachable=True, address=there))
        self.assertEqual(reached.text, "others can reach [fd00::1]:9000")

    def test_behind_nat(self) -> None:
        """Where it dials others, it is told what works, and what would work better: no fault."""
        found = _reach(status(neighbors=[{"name": "ben"}]))
        self.assertIsNone(found.is_ok)
        for told in ("others cannot reach 10.77.0.23:9000", "as fast as any", "by way of a third"):
            self.assertIn(told, found.text)
        self.assertTrue(
            found.text.endswith("let ports 9000-9009 in, or those that the registry gives")
        )

    def test_cut_off(self) -> None:
        """Where it is linked with nobody, either, that is a fault."""
        found = _reach(status())
        self.assertEqual((found.is_ok, found.exit), (False, Exit.REFUSED))
        self.assertIn("linked with nobody: let ports 9000-9009 in", found.text)


def test_only_read(tmp_path: Path) -> None:
    """What a peer shares, with its own files elsewhere, need not be written to."""
    read_only = {"directory": str(tmp_path)}
    assert [*_own_places(read_only)] == []
    (tmp_path / ".p2p").mkdir()
    assert [*_own_places(read_only)] == [tmp_path]
    assert [*_own_places({})] == []
