"""Several registries and etcd in virtual time."""

from collections.abc import Callable
from typing import Any

import pytest

from p2p_twisted.testing import invariants


def test_registries(p2p_network: Callable[..., Any]) -> None:
    """Peers go on, and newcomers come in, while registries and members of etcd come and go."""
    net = p2p_network(peers=3, registries=3)
    net.crash("registry")
    net.network.processes[net.etcd.leader].crash()
    net.start("s4")
    net.run(5.0)
    assert "joined as s4 on port 9103" in net.said
    net.etcd.start("etcd1")
    net.etcd.state.compact()
    net.crash("registry2")
    net.start_registry("registry")
    net.start("s5")
    net.run(60.0)
    assert {key.rpartition(b"/")[2] for key in net.etcd.state.keys if b"/peers/" in key} == {
        f"s{number}".encode() for number in range(1, 6)
    }
    invariants.hold(net, *invariants.SETTLED)


def test_no_majority(p2p_network: Callable[..., Any]) -> None:
    """Without a majority of etcd a newcomer is told so, and comes in when there is one."""
    net = p2p_network(peers=1, registries=2)
    for name in ("etcd1", "etcd2"):
        net.network.processes[name].crash()
    net.start("s2")
    net.run(10.0)
    assert any("cannot use its store at the moment" in said for said in net.said)
    assert not net.peers["s2"].status().registered
    net.etcd.start("etcd1")
    net.run(10.0)
    assert net.peers["s2"].status().registered


def test_private(p2p_network: Callable[..., Any]) -> None:
    """A private network has one registry here."""
    with pytest.raises(ValueError, match="one registry"):
        p2p_network(private=True, registries=2)
