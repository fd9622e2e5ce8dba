"""A private network of real daemons, as one person sets it up and others come in."""

import contextlib
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.exit_status import Exit
from tests.process.daemons import PATIENCE, Daemon, scratch_folder, script, wait_until
from tests.process.machines import Lan
from tests.process.networks import Network, Peer, use_own_runtime_folder

_CONTENT = os.urandom(3_000_000)
_MANY = 10
_RUNS = "carl runs: say --peer carl in place of --state\n"


def invite_of(registry: Daemon, whose: str) -> str:
    """Return one of the two invites that a new network's registry prints."""
    found = re.search(rf"^for {whose}.*:\n  (p2p1-\S+)$", registry.log, re.M)
    assert found, registry.log
    return found[1]


def p2p(
    *words: str, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run p2p to its end."""
    return subprocess.run(
        [script("p2p"), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **(environment or {})},
    )


@pytest.mark.slow
class PrivateNetworkTests(SynchronousTestCase):
    """Anna is its admin; ben and carl come in by the other invite."""

    def setUp(self) -> None:
        use_own_runtime_folder(self)
        self.network = Network(self)
        self.registry = self.network.start_registry("--private")
        self.invite = invite_of(self.registry, "others")
        self.network.write("ben/f1.bin", _CONTENT)

    def started(self) -> tuple[Peer, Peer, Peer]:
        """Have all three come in."""
        anna = self.network.start_peer(
            "anna", "--join", invite_of(self.registry, "yourself")
        ).wait_ready()
        ben = self.network.start_peer("ben", "--join", self.invite).wait_ready()
        carl = self.network.start_peer("carl", environment={"P2P_INVITE": self.invite}).wait_ready()
        anna.wait_for_topology("anna", "ben", "carl")
        return anna, ben, carl

    def p2p(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run p2p to its end."""
        command = [script("p2p"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def said_in_the_clear(self, port: int) -> bytes:
        """Return what somebody hears who speaks the protocol, but without encryption."""
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as stranger:
            stranger.sendall(b'LINK {"why":"join","name":"anna","port":9001}\r\n')
            with contextlib.suppress(ConnectionResetError):
                return stranger.recv(1_000)
        return b""

    def refused(self, name: str, *options: str) -> tuple[int, str]:
        """Start a peer that is not let in; return how it ends, and what it says."""
        peer = self.network.start_peer(name, *options)
        return peer.wait(), peer.log

    def test_life(self) -> None:
        """They find and fetch, no process shows a code, and without any all start again."""
        anna, ben, carl = peers = self.started()
        ben.wait_until_shared(1)
        carl.answer("f1", "^saved f1.bin to carl/Downloads/f1.bin ")
        self.assertEqual(self.network.read("carl/Downloads/f1.bin"), _CONTENT)
        for port in (self.network.registry_port, *self.network.ports[:3]):
            self.assertEqual(self.said_in_the_clear(port), b"", port)
        for peer in peers:
            shown = Path(f"/proc/{peer.pid}/cmdline").read_bytes()
            shown += Path(f"/proc/{peer.pid}/environ").read_bytes()
            self.assertNotIn(b"p2p1-", shown + peer.log.encode())
        for daemon in (*peers, self.registry):
            daemon.stop()
        again = self.network.start_registry("--private")
        self.assertNotIn("p2p1-", again.log)
        anna, ben, carl = self.network.start_peers("anna", "ben", "carl")
        anna.wait_for_topology("anna", "ben", "carl")
        anna.answer("f1", "^saved f1.bin to anna/Downloads/f1.bin ")
        for path in [
            *self.network.directory.rglob("*.pem"),
            *self.network.directory.rglob("private"),
        ]:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_without_a_peer(self) -> None:
        """A command finds and fetches as a member that does not run, or by an invite."""
        _anna, ben, carl = self.started()
        ben.wait_until_shared(1)
        where = f"--registry=127.0.0.1:{self.network.registry_port}"
        refused = self.p2p("find", "f1", where)
        self.assertEqual(refused.returncode, Exit.NO_NETWORK, refused)
        self.assertIn("here, set P2P_INVITE, or say --state with a member's", refused.stderr)
        state = self.network.directory / "carl" / ".p2p"
        runs = self.p2p("find", "f1", "--state", str(state))
        self.assertEqual((runs.returncode, runs.stderr), (Exit.CONFLICT, _RUNS))
        carl.stop()
        to = self.network.directory / "to"
        to.mkdir()
        got = self.p2p("get", "f1", "--state", str(state), "--to", str(to))
        self.assertEqual(got.returncode, 0, got)
        self.assertEqual((to / "f1.bin").read_bytes(), _CONTENT)
        with patch.dict(os.environ, {"P2P_INVITE": self.invite}):
            found = self.p2p("find", "f1", where)
        self.assertIn("f1.bin", found.stdout, found)
        members = json.loads(self.p2p("--peer", "anna", "members", "--json").stdout)["members"]
        [left] = [each for each in members if each["name"].startswith("get-")]
        self.assertLess(left["expires"], time.time() + 86_400)

    def test_stop(self) -> None:
        """Ben may not stop the network; anna may."""
        anna, ben, carl = self.started()
        answered = self.p2p("--peer", "ben", "stop")
        self.assertEqual(answered.returncode, Exit.REFUSED, answered)
        self.assertIn("only an admin may stop this network, and ben is none", answered.stderr)
        ben.answer("status", "up for")
        self.assertEqual(self.p2p("--peer", "anna", "stop").returncode, 0)
        for peer in (anna, ben, carl):
            self.assertEqual(peer.wait(), 0, peer.log)
        self.assertIn("anna has stopped the network", carl.log)

    def test_revoked(self) -> None:
        """Who is revoked is out at once, also after a restart, and can be invited again."""
        anna, ben, carl = self.started()
        self.assertEqual(self.p2p("--peer", "ben", "revoke", "carl").returncode, Exit.REFUSED)
        self.assertEqual(self.p2p("--peer", "ben", "invite").returncode, Exit.REFUSED)
        self.assertEqual(self.p2p("--peer", "anna", "revoke", "carl").returncode, 0)
        anna.wait_for_topology("anna", "ben")
        carl.wait_for_log("the certificate of carl was revoked: ask for a new invite, and --join")
        self.assertEqual(self.p2p("--peer", "carl", "find", "f1").returncode, Exit.NO_NETWORK)
        ben.stop()
        # Ben, who was told, and does not forget.
        [ben] = self.network.start_peers("ben")
        anna.wait_for_topology("anna", "ben")
        carl.stop()
        code = self.p2p("--peer", "anna", "invite", "--for", "2h").stdout.strip()
        carl = self.network.start_peer("carl", "--join", code).wait_ready()
        anna.wait_for_topology("anna", "ben", "carl")
        wait_until(lambda: "f1.bin" in self.p2p("--peer", "carl", "find", "f1").stdout, "found")

    def test_groups(self) -> None:
        """What anna shares with a group comes to ben, who is in it, and not to carl."""
        self.network.write("lab/plan.txt", b"for the lab")
        admin = invite_of(self.registry, "yourself")
        lab = f"@lab={self.network.directory / 'lab'}"
        anna = self.network.start_peer("anna", "--share", lab, "--join", admin).wait_ready()
        code = self.p2p("--peer", "anna", "invite", "--group", "lab").stdout.split()[0]
        ben = self.network.start_peer("ben", "--join", code).wait_ready()
        carl = self.network.start_peer("carl", "--join", self.invite).wait_ready()
        anna.wait_until_shared(1)
        carl.wait_for_topology("anna", "ben", "carl")
        self.assertEqual(self.p2p("--peer", "carl", "find", "plan").returncode, Exit.NOT_FOUND)
        self.assertNotIn("plan", self.p2p("--peer", "carl", "ls", "anna").stdout)
        ben.answer("get plan.txt", "^saved lab/plan.txt ")
        self.assertEqual(self.network.read("ben/Downloads/plan.txt"), b"for the lab")
        self.assertIn("lab as lab/, for @lab alone", self.p2p("--peer", "anna", "status").stdout)

    def test_wrong_codes(self) -> None:
        """Each wrong code ends at once, with its own sentence and exit code."""
        code, _, place = self.invite.partition("@")
        swapped = f"{code[:-1]}{'b' if code[-1] == 'a' else 'a'}@{place}"
        self.network.start_peer("ben", "--join", self.invite).wait_ready()
        for given, exit_, why in (
            (swapped, Exit.USAGE, "this invite has a typing error"),
            ("hello", Exit.USAGE, "that is no invite"),
            (f"{code}@127.0.0.1:1", Exit.NO_NETWORK, "no registry can be reached at 127.0.0.1:1 "),
            ("@/nonexistent", Exit.USAGE, "the invite cannot be read"),
        ):
            status, said = self.refused("dora", "--join", given)
            self.assertEqual(status, exit_, said)
            self.assertIn(why, said)
        admin = invite_of(self.registry, "yourself")
        self.network.start_peer("anna", "--join", admin).wait_ready()
        status, why = self.refused("dora", "--join", admin)
        self.assertEqual((status, why.strip()[:25]), (Exit.REFUSED, "this invite is used up: a"))
        self.network.start_peer("emil", "--state", "emils", "--join", self.invite).wait_ready()
        status, why = self.refused("ben", "--state", "elsewhere", "--join", self.invite)
        self.assertEqual(status, Exit.CONFLICT, why)
        self.assertIn("the name ben is taken", why)

    def test_no_fallback(self) -> None:
        """An open registry at the place of the private one gets no word of a member."""
        anna, ben, _carl = self.started()
        for daemon in (ben, self.registry):
            daemon.stop()
        (self.network.directory / "p2pmeta.d").rename(self.network.directory / "elsewhere.d")
        opened = self.network.start_registry()
        ben = self.network.start_peer("ben")
        ben.answer("status", "is no registry of this peer's private network")
        ben.wait_for_topology("anna", "ben", "carl")
        for port in self.network.ports[:3]:
            self.assertEqual(self.said_in_the_clear(port), b"", port)
        self.assertNotIn("ben", opened.log)
        anna.stop()
        status, said = self.refused("anna", "--insecure-lan")
        self.assertEqual(status, Exit.USAGE, said)
        self.assertIn("leave --insecure-lan away", said)
        status, said = self.refused("dora", "--directory", "anna")
        self.assertEqual(status, Exit.USAGE, said)
        self.assertIn("is the one of anna, a member of the private network default", said)

    def test_without_invite(self) -> None:
        """Whoever has none learns nothing but that there is something."""
        stranger = self.network.start_peer("eve")
        stranger.wait_for_log("does not greet as a registry does")
        self.assertNotIn("eve", self.registry.log)


@pytest.mark.slow
class ThreeMachinesTests(SynchronousTestCase):
    """As README says it, with nothing but the options that it names."""

    def test_readme(self) -> None:
        """One makes the network and two come in; after a restart of all, without a code, too."""
        lan = Lan(self, scratch_folder(self))
        first, second, third = (lan.machine(f"m{n}", f"192.168.1.{n}") for n in (10, 11, 12))
        registry = first.start("p2pmeta", "--private").wait_ready()
        codes = [invite_of(registry, whose) for whose in ("yourself", "others")]
        for code in codes:
            self.assertTrue(code.endswith("@192.168.1.10:9011"), code)
        (lan.directory / "anna").mkdir()
        (lan.directory / "anna" / "f1.bin").write_bytes(_CONTENT)
        named = list(zip((second, third), ("anna", "ben"), codes, strict=True))
        peers = [on.start("p2ppeer", "--name", name, "--join", code) for on, name, code in named]
        for peer in peers:
            peer.wait_ready()
        peers[0].wait_for_topology("anna", "ben")
        peers[0].wait_until_shared(1)
        peers[1].answer("f1", "^saved f1.bin to ben/Downloads/f1.bin ")
        for daemon in (*peers, registry):
            daemon.stop()
        registry = first.start("p2pmeta", "--private").wait_ready()
        again = [on.start("p2ppeer", "--name", name) for on, name, _code in named]
        for peer in again:
            peer.wait_ready()
        again[0].wait_for_topology("anna", "ben")
        self.assertEqual((lan.directory / "ben/Downloads/f1.bin").read_bytes(), _CONTENT)


@pytest.mark.slow
class ManyTests(SynchronousTestCase):
    """As many daemons as a small office has."""

    def test_one_network(self) -> None:
        """All come in by one invite, and are one network."""
        use_own_runtime_folder(self)
        network = Network(self, ports=_MANY)
        invite = {"P2P_INVITE": invite_of(network.start_registry("--private"), "others")}
        names = [f"s{number}" for number in range(1, _MANY + 1)]
        peers = [network.start_peer(name, environment=invite) for name in names]
        for peer in peers:
            peer.wait_ready(_MANY * PATIENCE)
        peers[0].wait_for_topology(*names, seconds=_MANY * PATIENCE)
