"""Registries on one etcd keep what they promise, whatever befalls them and it."""

import pytest

from p2p_twisted.testing import registry_drill
from p2p_twisted.testing.etcd_state import EtcdState
from p2p_twisted.testing.grants import Grants
from p2p_twisted.wire.messages import Welcome


@pytest.mark.parametrize("seed", range(1, 4))
def test_some(seed: int) -> None:
    """Nothing is given twice or lost, and whoever comes is in soon, or told."""
    outcome = registry_drill.run(seed, seconds=60.0)
    assert not outcome.wrong, "\n".join((*outcome.done, *outcome.wrong))
    assert outcome.given > 12


def test_same_seed() -> None:
    """One seed gives one run."""
    first, again, other = (registry_drill.run(seed, 6, 20.0).trace for seed in (1, 1, 2))
    assert first == again != other


def test_careless_etcd(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be noticed if etcd did not compare, and so let two registries give one place."""
    monkeypatch.setattr(EtcdState, "_is_so", lambda _state, _compared: True)
    assert any("is given while" in each for each in registry_drill.run(1, seconds=20.0).wrong)


def test_grants() -> None:
    """What is given twice, forgotten too early, or not in the store, is told."""
    grants = Grants(dict)
    first = grants.give(Welcome("s1", "127.0.0.1", 9000, 10.0, "0" * 32, ()), 0.0, 0.1)
    grants.check(5.0)
    assert "is lost" in grants.wrong.pop()
    grants.give(Welcome("s2", "127.0.0.1", 9001, 10.0, "1" * 32, ()), 0.0, 0.1)
    grants.give(Welcome("s3", "127.0.0.1", 9001, 10.0, "2" * 32, ()), 0.0, 0.2)
    assert "is given while" in grants.wrong.pop()
    grants.forgotten(first, 9.0)
    assert "is not known" in grants.wrong.pop()
    grants.forgotten(first, 11.0)
    grants.check(11.0)
    assert not grants.wrong


def test_command() -> None:
    """The command tells how many seeds fail."""
    written: list[str] = []
    code = registry_drill.main(["--seeds", "1", "--seconds", "5", "--jobs", "1"], written.append)
    assert code == 0
    assert written[-1].startswith("1 seeds, 0 failed; ")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(121, 171))
def test_many(seed: int) -> None:
    """So it is with many seeds, for longer."""
    outcome = registry_drill.run(seed)
    assert not outcome.wrong, "\n".join((*outcome.done, *outcome.wrong))
