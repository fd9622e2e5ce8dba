"""Several registries of one private network."""

from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, scratch_folder, wait_until
from tests.process.etcd_members import NEEDS_ETCD, EtcdMembers
from tests.process.networks import Network, use_own_runtime_folder
from tests.process.test_private import p2p


@pytest.mark.slow
class TwoRegistriesTests(SynchronousTestCase):
    """Another registry comes in by an invite, and lets peers in itself."""

    def test_two_registries(self) -> None:
        """A peer that came in at one is a member at the other; each acts with its own key."""
        use_own_runtime_folder(self)
        network, elsewhere = Network(self), str(scratch_folder(self))
        network.start_registry("--private")
        invite = p2p("invite", "--for-registry", "--of-registry").stdout.strip()
        listen = f"tcp:{network.ports[-1]}:interface=127.0.0.1"
        apart = ("--keys", "second.d", "--store", "memory:", "--listen", listen)
        environment = {"XDG_RUNTIME_DIR": elsewhere}
        second = network.start(
            "-n", "p2pmeta", "--private", *apart, "--join", invite, environment=environment
        ).wait_ready()
        self.assertNotIn("p2p1-", Path(f"/proc/{second.pid}/cmdline").read_text())
        self.assertFalse((network.directory / "second.d/root.pem").exists())
        codes = [
            p2p("invite", "--of-registry", environment=each).stdout.strip()
            for each in ({}, environment)
        ]
        anna, ben = (
            network.start_peer(name, "--join", code).wait_ready()
            for name, code in zip(("anna", "ben"), codes, strict=True)
        )
        anna.wait_for_topology("anna", "ben")
        ben.wait_for_topology("anna", "ben")
        self.assertIn("1 member", p2p("members", "--of-registry", environment=environment).stdout)
        second.stop()
        second = network.start(
            "-n", "p2pmeta", "--private", *apart, environment=environment
        ).wait_ready()
        p2p("revoke", "anna", "--of-registry")
        ben.wait_for_topology("ben", seconds=3 * PATIENCE)

    @NEEDS_ETCD
    def test_two_networks(self) -> None:
        """Two networks of one name on one etcd have an anna each, and a registry for itself."""
        members = EtcdMembers()
        self.addCleanup(members.end)
        for _ in range(2):
            use_own_runtime_folder(self)
            network = Network(self)
            network.start_registry("--private", "--store", members.store)
            code = p2p("invite", "--of-registry").stdout.strip()
            network.start_peer("anna", "--join", code).wait_ready()
        self.assertEqual(sum(key.endswith("/peers/anna") for key in members.kept()), 2)

    @NEEDS_ETCD
    def test_on_etcd(self) -> None:
        """On one etcd, an invite of one is used at the other, once; both know who is revoked."""
        use_own_runtime_folder(self)
        members = EtcdMembers()
        self.addCleanup(members.end)
        network, elsewhere = Network(self), str(scratch_folder(self))
        network.start_registry("--private", "--store", members.store)
        invite = p2p("invite", "--for-registry", "--of-registry").stdout.strip()
        other = f"127.0.0.1:{network.ports[-1]}"
        listen = f"tcp:{network.ports[-1]}:interface=127.0.0.1"
        pool = f"--ports={network.ports[0]}-{network.ports[-2]}"
        apart = ("--keys", "second.d", "--store", members.store, "--listen", listen, pool)
        environment = {"XDG_RUNTIME_DIR": elsewhere}
        network.start(
            "-n", "p2pmeta", "--private", *apart, "--join", invite, environment=environment
        ).wait_ready()
        code = p2p("invite", "--of-registry").stdout.strip().partition("@")[0]
        there = ("--registry", f"127.0.0.1:{network.registry_port},{other}")
        anna = network.start_peer("anna", "--join", f"{code}@{other}", *there).wait_ready()
        ben = network.start_peer("ben", "--join", f"{code}@127.0.0.1:{network.registry_port}")
        ben.wait_for_log("used up")
        ben.wait()
        self.assertTrue(anna.is_running)
        p2p("revoke", "anna", "--of-registry")

        def are_told() -> bool:
            said = p2p("members", "--of-registry", environment=environment).stdout
            return "anna" not in said

        wait_until(are_told, "anna is no member at the other", 3 * PATIENCE)
