"""Whoever reaches a port of a private network gets nowhere, and its members go on meanwhile."""

import base64
import contextlib
import json
import os
import ssl
from collections.abc import Iterator
from itertools import count
from typing import ClassVar, cast

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.private_member import load_member
from p2p_twisted.registry.authority_files import ISSUER_FILE
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.key_folder import KeyFolder
from tests.process.abused import memory_of
from tests.process.daemons import Daemon
from tests.process.key_updates import call_for_key_updates, key_updates, send_beneath
from tests.process.networks import Network, Peer, for_class
from tests.process.stranger import Line, Said, a_ticket, call, connections_left
from tests.process.test_private import invite_of
from tests.process.tls_stranger import (
    call_securely,
    certificate_from,
    certificates_of_strangers,
    context_of,
)

_MEMORY_BYTES = 60 << 20
_FILES = 24
# Of a handshake, as far as its length goes: 16 KiB are to follow.
_LONG_HELLO = bytes.fromhex("160301400001003ffc0303") + bytes(200)


@pytest.mark.slow
class StrangersTests(SynchronousTestCase):
    """Anna and ben share files all the time; carl is a member who means no good."""

    network: ClassVar[Network]
    daemons: ClassVar[dict[str, Daemon]]
    ports: ClassVar[dict[str, int]]
    issuer: ClassVar[Credentials]
    anna: ClassVar[Credentials]
    carl: ClassVar[ssl.SSLContext]
    _numbers: ClassVar[Iterator[int]] = count()

    @classmethod
    def setUpClass(cls) -> None:
        cls.network = network = Network(for_class(cls))
        for number in range(_FILES):
            network.write(f"ben/{number}.bin", os.urandom(200_000))
        registry = network.start_registry("--private")
        anna, ben = (
            network.start_peer(name, "--join", invite_of(registry, whose)).wait_ready()
            for name, whose in (("anna", "yourself"), ("ben", "others"))
        )
        ben.wait_until_shared(_FILES)
        anna.wait_for_topology("anna", "ben")
        cls.daemons = {"registry": registry, "anna": anna, "ben": ben}
        cls.ports = dict(zip(cls.daemons, (network.registry_port, *network.ports), strict=False))
        issuer = KeyFolder(OwnFolder(network.directory / "p2pmeta.d")).load(ISSUER_FILE)
        member = load_member(network.directory / "anna" / ".p2p")
        assert issuer is not None
        assert member is not None
        cls.issuer, cls.anna = issuer, member.credentials
        cls.carl = context_of(certificate_from(issuer, "carl"))

    def setUp(self) -> None:
        self.memory = {name: memory_of(daemon.pid) for name, daemon in self.daemons.items()}

    def tearDown(self) -> None:
        """They are as well as before."""
        self.download()
        for name, daemon in self.daemons.items():
            self.assertLess(memory_of(daemon.pid) - self.memory[name], _MEMORY_BYTES, name)
            self.assertNotIn("Traceback", daemon.log)

    def download(self) -> None:
        """Have anna download something from ben."""
        file = f"{next(self._numbers)}.bin"
        cast(Peer, self.daemons["anna"]).answer(f"get {file}", f"^saved {file} ")
        got = self.network.read(f"anna/Downloads/{file}")
        self.assertEqual(got, self.network.read(f"ben/{file}"))

    def heard(self, whose: str, context: ssl.SSLContext, verb: str, **fields: object) -> list[Said]:
        """Say something; return all that is answered, until the other side closes."""
        with contextlib.suppress(OSError), call_securely(self.ports[whose], context) as line:
            line.say(verb, **fields)
            return line.hear_all()
        return []

    def test_certificates(self) -> None:
        """No port takes a line of whoever has no certificate that is good, or says anything."""
        for what, shown in certificates_of_strangers(self.issuer, self.anna).items():
            context = context_of(shown)
            for name in self.ports:
                answers = self.heard(name, context, "LINK", why="join", name="anna", port=9_001)
                said = [fields["reason"] for verb, fields in answers if verb != "HELLO"]
                is_newcomer = (what, name) == ("no certificate", "registry")
                private = "this network is private: come in with an invite first"
                self.assertEqual(said, [private] if is_newcomer else [], (what, name))
                self.assertEqual(bool(answers), is_newcomer, (what, name))

    def test_old_or_odd_tls(self) -> None:
        """A member is not understood in TLS 1.2, and shows its certificate each time."""
        old, again = context_of(self.anna), context_of(self.anna)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        for port in self.ports.values():
            with self.assertRaises(ssl.SSLError):
                call_securely(port, old)
            with call_securely(port, again, "no.such.host") as line:
                line.hear("HELLO")
                session = cast(ssl.SSLSocket, line.socket).session
            with call(port) as plain:
                resumed = again.wrap_socket(plain.socket, session=session)
                self.assertFalse(resumed.session_reused)
                resumed.close()

    def test_others_names(self) -> None:
        """A member is heard in its own name alone, at the registry, too."""
        for name, verb, fields in (
            ("ben", "LINK", {"why": "join", "name": "anna", "port": 9_001}),
            ("ben", "PEERS", {"name": "anna", "port": 9_001}),
            ("registry", "P2P", {"name": "Anna "}),
            ("registry", "RENEW", {"name": "anna", "token": "0" * 32}),
            ("registry", "LEAVE", {"name": "anna", "token": "0" * 32}),
        ):
            _hello, (said, answer) = self.heard(name, self.carl, verb, **fields)
            self.assertEqual((said, answer["code"]), ("ERROR", "refused"), verb)
            self.assertIn("is carl's: say nothing in others' names", answer["reason"])

    def test_wrong_invites(self) -> None:
        """Who guesses learns nothing, not even whether there is an anna."""
        nobody = context_of(None)
        for name in ("anna", "dora", "registry"):
            request = base64.b64encode(make_request(new_key(), name)).decode()
            asked = {"name": name, "secret": "0" * 20, "request": request}
            said, answer = self.heard("registry", nobody, "ENROLL", **asked)[-1]
            self.assertEqual(said, "ERROR")
            self.assertIn("does not know that invite", answer["reason"])

    def test_nonsense(self) -> None:
        """A member whose statements do not count fills no log, and its link ends at the most."""
        before = len(self.daemons["ben"].log)
        statement = ".".join("A" * 300 for _ in range(4))
        revoked = json.dumps({"digest": "0" * 64, "statements": [statement] * 8})
        with call_securely(self.ports["ben"], self.carl) as line:
            line.hear("HELLO")
            line.say("LINK", why="join", name="carl", port=1_024, alone=True)
            line.hear("LINKED")
            for number in range(400):
                for kind in ("revoke", "stop"):
                    gossip = {"id": f"{kind == 'stop':016x}{number:016x}", "kind": kind}
                    fields = {"origin": "carl", "age": 0, "life": 60, "urgent": True}
                    line.say("GOSSIP", **gossip, **fields, text=statement)
                if not line.write(f"REVOKED {revoked}\r\n".encode()):
                    break
            line.say("ASK", id=a_ticket(), what="topo")
            with contextlib.suppress(EOFError):
                line.hear("TOLD")
        said = self.daemons["ben"].log[before:]
        self.assertLess(said.count("does not count") + said.count("not stopping"), 20)
        self.assertIn("does not count", said)

    def test_key_updates(self) -> None:
        """Whoever changes keys all the time, instead of saying something, is cut off."""
        for name, context in (("registry", context_of(None)), ("ben", self.carl)):
            line, secret = call_for_key_updates(self.ports[name], context)
            records, _ = key_updates(secret, 6_000)
            # It may be cut off before all has been sent.
            with contextlib.suppress(OSError):
                send_beneath(line, records)
            self.assertTrue(Line(line).is_cut())
            line.close()

    def test_half_handshakes(self) -> None:
        """One that drips, stops half-way or talks in the clear ends in time, and says nothing."""
        lines = []
        for port in self.ports.values():
            for begun in (_LONG_HELLO, b"\x16", b""):
                lines.append(call(port))
                lines[-1].write(begun)
            plain = call(port)
            plain.write(b'LINK {"why":"join","name":"carl","port":9001}\r\n')
            self.assertEqual(plain.hear_all(), [])
            plain.close()
        for port, context in (
            (self.ports["registry"], context_of(None)),
            (self.ports["ben"], self.carl),
        ):
            # An enrollment, or a link, that is never asked for to its end.
            lines.append(call_securely(port, context))
            lines[-1].hear("HELLO")
            lines[-1].write(b'ENROLL {"name":"')
        open_lines = list(lines)
        while open_lines:
            # Written to as long as they take anything: a byte now and then is no progress.
            open_lines = [line for line in open_lines if line.write(b"\0") and not _is_over(line)]
        for line in lines:
            line.close()

    def test_very_many(self) -> None:
        """Thousands of connections that say nothing or begin a handshake, and handshakes on end."""
        number = min(5_000, connections_left() // len(self.ports))
        for port in self.ports.values():
            with contextlib.ExitStack() as closing:
                for index in range(number):
                    line = closing.enter_context(call(port))
                    # Every other one costs what a handshake costs that has begun.
                    line.write(b"\x16" if index % 2 else b"")
                self.download()
        for context in (context_of(None), self.carl):
            for port in self.ports.values():
                self.shake_hands(port, context, 60)
            self.download()

    def shake_hands(self, port: int, context: ssl.SSLContext, times: int) -> None:
        """Make and end connections, as fast as it goes."""
        for _ in range(times):
            with contextlib.suppress(OSError):
                call_securely(port, context).close()


def _is_over(line: Line) -> bool:
    """Tell, after a moment, whether the other side has closed; it must not have said anything."""
    line.socket.settimeout(0.2)
    try:
        said = line.socket.recv(1_000)
    except TimeoutError:
        return False
    except OSError:
        return True
    # An alert of TLS, perhaps, but no line.
    assert b"HELLO" not in said
    return not said
