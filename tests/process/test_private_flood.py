"""A member of a private network signs offers without end: an honest push gets to all of it."""

import json
import secrets
import select
import ssl
import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.authority_files import ISSUER_FILE
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.key_folder import KeyFolder
from p2p_twisted.trust.signed_text import sign
from tests.process.daemons import wait_until
from tests.process.networks import Network
from tests.process.stranger import Line, a_ticket
from tests.process.test_abuse_offers import a_broadcast, a_text
from tests.process.test_private import invite_of
from tests.process.tls_stranger import call_securely, certificate_from, context_of

_NAMES = ("anna", "ben", "carl", "dora", "emil", "fina")
_LESSON = secrets.token_bytes(1 << 20)
_A_SECOND = 320
_PATIENCE = 60.0
_WARM_SECONDS = 5.0


class SignedFlood(threading.Thread):
    """Has a member sign offers, say that it has some, and ask, to its neighbors by turns."""

    def __init__(self, ports: list[int], credentials: Credentials) -> None:
        super().__init__(daemon=True)
        self._credentials = credentials
        self._is_over = threading.Event()
        context = context_of(credentials)
        self.links = [self._link(port, context) for port in ports]

    def end(self) -> None:
        """End it, and its links."""
        self._is_over.set()
        self.join(_PATIENCE)
        for link in self.links:
            link.close()

    def run(self) -> None:
        began, said = time.monotonic(), 0
        while not self._is_over.wait(0.005):
            while said < _A_SECOND * (time.monotonic() - began):
                self._offer(self.links[said // 4 % len(self.links)])
                said += 4
            for link in self.links:
                # In one thread, as a connection with TLS is not for two at a time.
                while (
                    cast(ssl.SSLSocket, link.socket).pending()
                    or select.select([link.socket], [], [], 0)[0]
                ):
                    self._answer(link)

    def _link(self, port: int, context: ssl.SSLContext) -> Line:
        line = call_securely(port, context)
        line.hear("HELLO")
        line.say("LINK", why="join", name="mallory", port=1_024, alone=True, offers=True)
        line.hear("LINKED")
        return line

    def _offer(self, link: Line) -> None:
        texts = [sign(a_text(sender="mallory").encode(), self._credentials) for _ in range(3)]
        link.say("GOSSIP", **{**a_broadcast(texts[0]), "origin": "mallory"})
        link.say("OFFERS", texts=texts[1:2])
        link.say("OFFERS", held=texts[2:])
        link.say("ASK", id=a_ticket(), what="id", text=a_ticket(), wait=10)

    def _answer(self, link: Line) -> None:
        verb, _, body = link._line().partition(" ")
        fields: dict[str, Any] = json.loads(body or "{}")
        if verb == "PING":
            link.say("PONG", **fields)
        elif verb == "ASK":
            link.say("TOLD", id=fields["id"], answered=1)


@pytest.mark.slow
class MemberFloodTests(SynchronousTestCase):
    """Six members, of whom each has a link with another one, too, who offers without end."""

    def test_ever_new_offers(self) -> None:
        """What it signs takes its own share, and what another member pushes is there in time."""
        case = SimpleNamespace(addCleanup=self.addCleanup)
        network = Network(cast(SynchronousTestCase, case), ports=2 * len(_NAMES))
        network.write("anna/lesson.bin", _LESSON)
        registry = network.start_registry("--private")
        peers = {"anna": network.start_peer("anna", "--join", invite_of(registry, "yourself"))}
        peers["anna"].wait_ready()
        for name in _NAMES[1:]:
            invite = invite_of(registry, "others")
            peers[name] = network.start_peer(name, "--join", invite, "--accept", "anyone")
            peers[name].wait_ready()
        peers["anna"].wait_for_topology(*_NAMES)
        issuer = KeyFolder(OwnFolder(network.directory / "p2pmeta.d")).load(ISSUER_FILE)
        assert issuer is not None
        ports = network.ports[: len(_NAMES)]
        flood = SignedFlood(list(ports), certificate_from(issuer, "mallory"))
        self.addCleanup(flood.end)
        flood.start()
        time.sleep(_WARM_SECONDS)
        peers["anna"].answer("push lesson.bin --to @all", "^pushed lesson.bin", _PATIENCE)
        places = [network.directory / name / "Downloads" for name in _NAMES[1:]]
        wait_until(lambda: all((each / "lesson.bin").exists() for each in places), "it", _PATIENCE)
        peers["ben"].answer("pushes", "free.exe .* from mallory", _PATIENCE)
        for place in places:
            self.assertEqual((place / "lesson.bin").read_bytes(), _LESSON)
            self.assertEqual({each.name for each in place.iterdir()}, {"lesson.bin"})
