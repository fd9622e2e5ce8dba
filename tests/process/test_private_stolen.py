"""A private network's registry is stolen; the key of the root, and something else, are not."""

import os
import shutil
import signal
import subprocess

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, Daemon, scratch_folder, wait_until
from tests.process.networks import Network, Peer, use_own_runtime_folder
from tests.process.test_private import invite_of, p2p

# Half a lease, until a peer asks the other registry, and a minute, until it asks for another
# certificate again.
_PATIENCE = 8 * PATIENCE
_CONTENT = os.urandom(1_000_000)


def registries(members: "subprocess.CompletedProcess[str]") -> dict[str, str]:
    """Read by which registry each member is certified."""
    rows = [row.split() for row in members.stdout.splitlines()]
    return {row[0]: row[-1] for row in rows if "by" in row}


@pytest.mark.slow
class StolenRegistryTests(SynchronousTestCase):
    """What docs/operations.md says to do."""

    def setUp(self) -> None:
        use_own_runtime_folder(self)
        self.network = Network(self)
        self.root_key = scratch_folder(self) / "stick" / "root.pem"
        self.root_key.parent.mkdir(mode=0o700)
        self.elsewhere = {"XDG_RUNTIME_DIR": str(scratch_folder(self))}
        self.first = self.network.start_registry("--private", "--root-key", str(self.root_key))
        self.network.write("anna/film", _CONTENT)

    def start_second(self) -> Daemon:
        """Start another registry, which the first one has invited, and of which peers know."""
        code = p2p("invite", "--for-registry", "--of-registry").stdout.strip()
        listen = f"tcp:{self.network.ports[-1]}:interface=127.0.0.1"
        apart = ("--keys", "second.d", "--store", "memory:", "--listen", listen)
        ports = ("--ports", f"{self.network.ports[0]}-{self.network.ports[-2]}")
        return self.network.start(
            "-n", "p2pmeta", "--private", *apart, *ports, "--join", code, environment=self.elsewhere
        ).wait_ready()

    def start_peer(self, name: str, code: str | None = None) -> Peer:
        """Start a peer that knows of both registries."""
        both = f"127.0.0.1:{self.network.registry_port},127.0.0.1:{self.network.ports[-1]}"
        join = () if code is None else ("--join", code)
        return self.network.start_peer(name, "--registry", both, *join)

    def at_second(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run p2p where the other registry runs."""
        return p2p(*words, "--of-registry", environment=self.elsewhere)

    def revoke(self, stolen: str, *by: str) -> None:
        """Have the first registry count no more."""
        said = p2p("revoke", "--registry", stolen, "--root-key", str(self.root_key), *by)
        self.assertEqual((said.returncode, said.stderr), (0, ""))

    def test_from_a_backup(self) -> None:
        """Those who are in it go on by themselves; carl, who came later, by a new invite."""
        code, new = invite_of(self.first, "others"), self.network.directory / "new.d"
        anna, ben = (
            self.network.start_peer(n, "--join", code).wait_ready() for n in ("anna", "ben")
        )
        anna.wait_for_topology("anna", "ben")
        shutil.copytree(self.network.directory / "p2pmeta.d", new)
        (new / "issuer.pem").unlink()
        carl = self.network.start_peer("carl", "--join", code).wait_ready()
        anna.wait_for_topology("anna", "ben", "carl")
        [stolen] = set(registries(p2p("members", "--of-registry")).values())
        self.first.kill()
        keys = ("--keys", str(new), "--root-key", str(self.root_key))
        again = self.network.start_registry("--private", *keys)
        self.assertNotIn("p2p1-", again.log)
        self.assertNotIn(stolen, again.log)
        self.revoke(stolen, "--of-registry")

        def are_certified_anew() -> bool:
            now = registries(p2p("members", "--of-registry"))
            return now.keys() == {"anna", "ben"} and stolen not in now.values()

        wait_until(are_certified_anew, "certified anew", _PATIENCE)
        ben.wait_for_topology("anna", "ben", seconds=_PATIENCE)
        carl.wait_for_log("ask for a new invite, and --join with it", _PATIENCE)
        carl.kill()
        code = p2p("invite", "--of-registry").stdout.strip()
        carl = self.network.start_peer("carl", "--join", code).wait_ready()
        carl.wait_for_topology("anna", "ben", "carl", seconds=_PATIENCE)

    def test_another_registry(self) -> None:
        """Those whom the other one knew go on by themselves, and carl comes in by a new invite."""
        code = invite_of(self.first, "others")
        carl = self.start_peer("carl", code).wait_ready()
        carl.stop()
        anna, ben = (self.start_peer(name, code).wait_ready() for name in ("anna", "ben"))
        anna.wait_for_topology("anna", "ben")
        self.start_second()
        self.first.kill()

        def are_both_known() -> bool:
            return {"anna", "ben"} <= registries(self.at_second("members")).keys()

        wait_until(are_both_known, "both known", _PATIENCE)
        before = registries(self.at_second("members"))
        [stolen] = {before["anna"], before["ben"]}
        self.revoke(stolen, "--peer", "ben")
        # It is refused while the others are certified.
        carl = self.start_peer("carl")

        def are_certified_anew() -> bool:
            now = registries(self.at_second("members"))
            return {"anna", "ben"} <= now.keys() and stolen not in now.values()

        wait_until(are_certified_anew, "certified anew", _PATIENCE)
        ben.wait_for_topology("anna", "ben", seconds=_PATIENCE)
        ben.answer("film", "^saved film to ben/Downloads/film ", _PATIENCE)
        self.assertEqual(self.network.read("ben/Downloads/film"), _CONTENT)
        carl.wait_for_log("ask for a new invite, and --join with it", _PATIENCE)
        self.assertNotIn("carl", anna.topology())
        carl.kill()
        carl = self.start_peer("carl", self.at_second("invite").stdout.strip()).wait_ready()
        carl.wait_for_topology("anna", "ben", "carl", seconds=_PATIENCE)


@pytest.mark.slow
class RootKeyAloneTests(SynchronousTestCase):
    """Nothing is left of the registry but the key of the root, and its peers run on."""

    def setUp(self) -> None:
        use_own_runtime_folder(self)
        self.network = Network(self)
        root_key = scratch_folder(self) / "stick" / "root.pem"
        root_key.parent.mkdir(mode=0o700)
        self.keys = ("--private", "--root-key", str(root_key))
        first = self.network.start_registry(*self.keys)
        self.code = invite_of(first, "others")
        self.network.write("anna/film", _CONTENT)
        self.anna, self.ben = (self.join(name, self.code).wait_ready() for name in ("anna", "ben"))
        self.anna.wait_for_topology("anna", "ben")
        [self.stolen] = set(registries(p2p("members", "--of-registry")).values())
        first.kill()

    def start_anew(self) -> None:
        """Start another registry in the place of the first."""
        self.new = self.network.start_registry(*self.keys, "--keys", "new.d")
        self.assertNotIn(self.stolen, self.new.log)

    def join(self, name: str, code: str) -> Peer:
        """Start a peer that comes in by an invite."""
        return self.network.start_peer(name, "--join", code)

    def revoke(self, *more: str) -> "subprocess.CompletedProcess[str]":
        """Have the stolen registry count no more."""
        root_key = self.keys[1:]
        return p2p("revoke", "--registry", self.stolen, *root_key, "--of-registry", *more)

    def test_waiting(self) -> None:
        """Who has come to the new registry by then stays in; an old invite lets nobody in."""

        def certified() -> dict[str, str]:
            return registries(p2p("members", "--of-registry"))

        self.start_anew()
        wait_until(lambda: certified().keys() == {"anna", "ben"}, "both came", _PATIENCE)
        self.assertEqual(set(certified().values()), {self.stolen})
        said = self.revoke()
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        wait_until(lambda: self.stolen not in certified().values(), "certified anew", _PATIENCE)
        self.assertEqual(certified().keys(), {"anna", "ben"})
        self.ben.wait_for_topology("anna", "ben", seconds=_PATIENCE)
        self.ben.answer("film", "^saved film to ben/Downloads/film ", _PATIENCE)
        self.assertEqual(self.network.read("ben/Downloads/film"), _CONTENT)
        self.assertNotEqual(self.join("carl", self.code).wait(), 0)
        carl = self.join("carl", invite_of(self.new, "others")).wait_ready()
        carl.wait_for_topology("anna", "ben", "carl", seconds=_PATIENCE)

    def test_at_once(self) -> None:
        """Where it is revoked before anybody has come, each comes in by a new invite."""
        for peer in (self.anna, self.ben):
            # Otherwise they might come while a busy machine starts what revokes it.
            peer.send_signal(signal.SIGSTOP)
        self.start_anew()
        said = self.revoke()
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("--anyway", said.stderr)
        self.assertEqual(self.revoke("--anyway").returncode, 0)
        for peer in (self.anna, self.ben):
            peer.send_signal(signal.SIGCONT)
            peer.wait_for_log("ask for a new invite, and --join with it", _PATIENCE)
            peer.kill()
        code = invite_of(self.new, "others")
        anna, _ben = (self.join(name, code).wait_ready() for name in ("anna", "ben"))
        anna.wait_for_topology("anna", "ben", seconds=_PATIENCE)
