"""Real peers under random faults keep every invariant, and a seed tells all that happens."""

import pytest
from twisted.internet.defer import fail

from p2p_twisted.testing import chaos
from tests.hash_seeds import printed

_PEERS, _SECONDS, _SAME_SECONDS = 12, 60.0, 20.0
_PRINT_TRACE = f"""
from p2p_twisted.testing import chaos
print(chaos.run(1, {_PEERS}, {_SAME_SECONDS}).trace)
"""


def run(
    seed: int, peers: int, seconds: float, is_private: bool = False, nat: int = 0
) -> chaos.ChaosOutcome:
    outcome = chaos.run(seed, peers, seconds, is_private, nat)
    again = chaos.replay(seed, peers, seconds, is_private, nat)
    assert not outcome.wrong, "\n".join([*outcome.wrong, again])
    return outcome


def test_same_seed() -> None:
    """One seed gives one run, however Python orders its sets; another seed another one."""
    traces = [run(seed, _PEERS, _SAME_SECONDS).trace for seed in (1, 2)]
    assert traces[0] != traces[1]
    assert printed(_PRINT_TRACE, "4711").strip() == traces[0]


def test_invariants() -> None:
    """Whatever befalls a few peers, they come together again, and what they fetched is whole."""
    assert run(3, _PEERS, 2 * _SECONDS).saved > 0


def test_private() -> None:
    """So it is in a private network, where nobody is shut out but those who are to be."""
    outcome = run(1, 8, 30.0, is_private=True)
    assert "days pass" in outcome.done[0]


def test_nat() -> None:
    """So it is where every third peer is behind NAT, and others are behind firewalls at times."""
    assert run(1, _PEERS, _SECONDS, nat=33).saved > 0


def test_forgotten_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure that nobody waits for is told, even where only garbage still knows of it."""

    def forget(_chaos: chaos.Chaos, _seconds: float) -> None:
        cycle: list[object] = [fail(ValueError("nobody waits for me"))]
        cycle.append(cycle)

    monkeypatch.setattr(chaos.Chaos, "run", forget)
    (told,) = chaos.run(1, 2, 1.0).wrong
    assert "nobody waits for me" in told


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(101, 119))
def test_many(seed: int) -> None:
    """So it is with many peers, for a long time; in some networks a part is behind NAT."""
    run(seed, 30, 300.0, nat=seed % 3 * 15)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(201, 219))
def test_many_private(seed: int) -> None:
    """So it is in private networks of many peers, a part of them behind NAT."""
    run(seed, 20, 30.0, is_private=True, nat=seed % 3 * 15)


def test_command() -> None:
    """The command tells which seeds fail, why, and how to run them again."""
    written: list[str] = []
    failed = chaos.ChaosOutcome(8, ("s1 is alone",), "0" * 64, 0, 1.0, 1.0, ("kill s1",))
    options = chaos._options(["--peers", "20"])
    chaos._report(failed, options, written.append)
    text = "".join(written)
    assert "seed 8 fails:\n    s1 is alone\n" in text
    assert "chaos --first 8 --seeds 1 --peers 20 --seconds 300 --verbose\n" in text
    assert chaos.replay(8, 20, 30.0, is_private=True, nat=5).endswith(" --private --nat 5")
