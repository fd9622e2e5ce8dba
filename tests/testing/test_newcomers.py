"""How long newcomers wait when registries and etcd fail at the very moment that they come."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from p2p_twisted.testing.log_audience import logged_only_to
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.several_daemons import SeveralDaemons

_IN_SECONDS = 5.0


def two_halted(net: SeveralDaemons, rng: Random) -> None:
    """Halt two of three: connections to them are made, and stay silent."""
    for name in rng.sample(net.registry_names, 2):
        net.network.processes[name].halt()


def two_lost(net: SeveralDaemons, rng: Random) -> None:
    """Lose the machines of two of three: nothing comes from there any more, no FIN either."""
    for name in rng.sample(net.registry_names, 2):
        net.vanish(name)


def two_cut_off(net: SeveralDaemons, rng: Random) -> None:
    """Have two of three not reach etcd, which they do not know yet; peers reach them."""
    for name in rng.sample(net.registry_names, 2):
        for member in net.etcd.names:
            net.network.lose(name, member)
            net.network.lose(member, name)


def leader_lost(net: SeveralDaemons, _rng: Random) -> None:
    """Lose the machine of etcd's leader."""
    assert net.etcd.leader is not None
    net.network.processes[net.etcd.leader].vanish()


def machine_cut_off(net: SeveralDaemons, _rng: Random) -> None:
    """Cut off the machine of etcd's leader and of a registry."""
    assert net.etcd.leader is not None
    beside = net.registry_names[net.etcd.names.index(net.etcd.leader)]
    net.network.part([net.etcd.leader, beside])


def one_left(net: SeveralDaemons, rng: Random) -> None:
    """Cut off the machine of etcd's leader and of a registry from the others, and kill another."""
    machine_cut_off(net, rng)
    assert net.etcd.leader is not None
    beside = net.registry_names[net.etcd.names.index(net.etcd.leader)]
    net.crash(rng.choice([name for name in net.registry_names if name != beside]))


Fault = Callable[[SeveralDaemons, Random], None]


@contextmanager
def registries(folder: Path, seed: int) -> Iterator[SeveralDaemons]:
    """Run three registries on three members of etcd."""
    with logged_only_to():
        net = SeveralDaemons(folder, VirtualNetwork(seed))
        net.start_registries()
        net.run(2.0 + seed / 3)
        yield net
        net.close()


@pytest.mark.parametrize("seed", [5, 6, 8, 12, 15, 22, 36, 43])
@pytest.mark.parametrize(
    "faults",
    [
        (two_halted,),
        (machine_cut_off,),
        (one_left,),
        (two_halted, leader_lost),
        (two_lost, leader_lost),
        (two_cut_off, leader_lost),
    ],
    ids=lambda faults: "_and_".join(fault.__name__ for fault in faults),
)
def test_in_soon(faults: tuple[Fault, ...], seed: int, tmp_path: Path) -> None:
    """While one registry and a majority of etcd are there, a newcomer is in well within 5 s."""
    rng = Random(seed)
    with registries(tmp_path, seed) as net:
        came = net.network.clock.now
        net.start("s1")
        # Before it has dialed, or while it is asking.
        net.run(rng.choice([0.0, rng.uniform(0.0, 0.02)]))
        for fault in faults:
            fault(net, rng)
        assert net.network.clock.run_until(lambda: net.peers["s1"].status().registered, 60.0)
        assert net.network.clock.now - came < _IN_SECONDS


def test_asked_once(tmp_path: Path) -> None:
    """As long as all is well, each newcomer asks one registry alone."""
    with registries(tmp_path, 1) as net:
        asked = []
        net.network.tap = lambda _channel, data: asked.extend(re.findall(rb"P2P {.+}", data))
        net.start_many(6)
        net.run(5.0)
        assert len(asked) == 6
