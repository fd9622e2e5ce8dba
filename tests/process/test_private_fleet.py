"""Fifty peers of a private network, two of whom are revoked."""

import base64
import os
import random
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.private_member import PrivateMember, save_member
from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.authority_files import open_authority, save_records
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.identity import ADMIN
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.open_invites import OpenInvite
from tests.process.daemons import PATIENCE, scratch_folder, script, wait_until
from tests.process.machines import Lan
from tests.process.networks import Peer, use_own_runtime_folder

_PLACE = ("192.168.1.10", 9_011)
_OTHERS = [f"s{number}" for number in range(1, 49)]
_AT_ONCE = 8
_PATIENCE = 6 * PATIENCE
_FILM_BYTES = 120_000_000
_SLOW = "2M"
# Handshakes that are refused, and the topology of fifty peers, but no content.
_QUIET_BYTES = 20_000_000


def let_in(folder: Path, names: list[str]) -> None:
    """Make the network, and what makes its members members, as their invites would have."""
    keys, now = OwnFolder(folder / "p2pmeta.d"), time.time()
    keys.open()
    opened = open_authority(keys, "default", random.SystemRandom(), now)
    for name in names:
        member = _member(opened.authority, name, is_admin=name == "s1", now=now)
        save_member(folder / name / ".p2p", member)
    save_records(opened.authority, keys)
    keys.close()


def _member(authority: Authority, name: str, is_admin: bool, now: float) -> PrivateMember:
    roles = [ADMIN] if is_admin else []
    record = partial(OpenInvite, uses=1, expires=now + 600, roles=roles)
    secret = Invite.read(authority.invite(["192.168.1.10:9011"], record, now)).secret
    key = new_key()
    certified = authority.enroll(name, secret, make_request(key, name), now)
    ders = [base64.b64decode(each) for each in certified.certificates]
    chain = tuple(x509.load_der_x509_certificate(each) for each in ders)
    return PrivateMember(Credentials(key, chain), "default", _PLACE)


@pytest.mark.slow
class FiftyMembersTests(SynchronousTestCase):
    """The admin is s1, anna has a machine of her own, and all others share one."""

    def setUp(self) -> None:
        use_own_runtime_folder(self)
        self.lan = Lan(self, scratch_folder(self))
        self.directory = self.lan.directory
        self.hub = self.lan.machine("hub", _PLACE[0])
        self.hers = self.lan.machine("anna", "192.168.1.11")
        let_in(self.directory, [*_OTHERS, "bella", "anna"])
        (self.directory / "s2" / "film").write_bytes(os.urandom(_FILM_BYTES))
        self.registry = self.start_registry()
        self.peers: dict[str, Peer] = {}

    def start_registry(self) -> Peer:
        """Start the registry; returns when it listens."""
        return self.hub.start("p2pmeta", "--private", "--ports", "9100-9199").wait_ready()

    def start_all(self, names: list[str]) -> None:
        """Start peers, a few at a time; returns when all are ready."""
        for first in range(0, len(names), _AT_ONCE):
            some = names[first : first + _AT_ONCE]
            for name in some:
                slow = ("--max-up", _SLOW) if name == "s2" else ()
                self.peers[name] = self.hub.start("p2ppeer", "--name", name, *slow)
            for name in some:
                self.peers[name].wait_ready(_PATIENCE)

    def start_anna(self, *options: str) -> Peer:
        """Start her, without waiting for anything."""
        return self.hers.start("p2ppeer", "--name", "anna", *options)

    def p2p(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run p2p to its end, and see that it has done what it was told."""
        done = self.hub.run(script("p2p"), *words, timeout=_PATIENCE)
        self.assertEqual(done.returncode, 0, done)
        return done

    def received(self) -> int:
        """Return how many bytes have come to anna's machine."""
        return int(self.hers.run("cat", "/sys/class/net/eth0/statistics/rx_bytes").stdout)

    def assert_out(self, name: str) -> None:
        """See that nobody is linked with somebody, or ever was since it was started."""
        for peer in self.peers.values():
            self.assertNotIn(f"linked with {name} ", peer.log)

    def connections(self) -> list[str]:
        """List the connections of anna's machine on which something could come."""
        listed = self.hers.run("ss", "--tcp", "--no-header", "state", "established")
        return listed.stdout.split()

    def test_revoked(self) -> None:
        """She gets no byte more, from nobody: from those who were off or started again, neither."""
        self.start_all([*_OTHERS, "bella"])
        anna = self.start_anna().wait_ready(_PATIENCE)
        others = {*_OTHERS, "bella"}
        self.peers["s1"].wait_for_topology(*others, "anna", seconds=_PATIENCE)
        self.peers.pop("s48").stop()
        self.peers["s2"].wait_until_shared(1, _PATIENCE)
        anna.type("film")
        began = self.received()
        wait_until(lambda: self.received() > began + 3_000_000, "content", _PATIENCE)

        self.p2p("--peer", "s1", "revoke", "anna")
        self.registry.wait_for_log("anna is forgotten: it was revoked", _PATIENCE)
        wait_until(lambda: not self.connections(), "no connection", _PATIENCE)
        cut = self.received()
        self.peers["s1"].wait_for_topology(*others - {"s48"}, seconds=_PATIENCE)
        for name in list(self.peers):
            self.peers.pop(name).stop()
        self.registry.stop()
        self.registry = self.start_registry()
        self.start_all([*_OTHERS, "bella"])
        self.peers["s1"].wait_for_topology(*others, seconds=_PATIENCE)
        self.assert_out("anna")
        self.assertLess(self.received() - cut, _QUIET_BYTES)
        self.assertFalse((self.directory / "anna/Downloads/film").exists())

        self.registry.kill()
        self.p2p("--peer", "s1", "revoke", "bella")
        self.peers["s1"].wait_for_topology(*others - {"bella"}, seconds=_PATIENCE)
        self.registry = self.start_registry()
        self.registry.wait_for_log("bella was revoked", _PATIENCE)
        anna.kill()
        code = self.p2p("--peer", "s1", "invite").stdout.strip()
        self.start_anna("--join", code).wait_ready(_PATIENCE)
        self.peers["s1"].wait_for_topology(*others - {"bella"}, "anna", seconds=_PATIENCE)
