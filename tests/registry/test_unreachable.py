"""What is said when no registry answers."""

import errno

from twisted.internet import error
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry import unreachable
from p2p_twisted.registry.one_shot import NoAnswer, NoGreeting, NotExpected, NotReached
from p2p_twisted.registry.unreachable import explain
from p2p_twisted.wire.messages import PROTOCOL, Hello


class ExplainTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(unreachable, "has_address", lambda host: host == "10.0.0.2")
        self.patch(unreachable, "own_addresses", lambda: ["10.0.0.2"])

    def said(self, fault: NoAnswer | Exception, host: str = "10.0.0.1") -> str:
        """Explain a fault, or that there is no connection for a reason."""
        fault = fault if isinstance(fault, NoAnswer) else NotReached(fault)
        return explain(fault, host, 9011, "default")

    def test_each_has_its_own_sentence(self) -> None:
        """No two causes are told alike, and each says what to check."""
        refused = error.ConnectionRefusedError()
        sentences = {
            self.said(refused): "does it run there, as p2p registry --private, or --insecure-lan",
            self.said(
                refused, "127.0.0.1"
            ): "does p2p registry run? One of another machine is joined",
            self.said(refused, "10.0.0.2"): "start it as p2p registry --private, or --insecure-lan",
            self.said(error.TimeoutError()): "Does a firewall there keep port 9011 closed?",
            self.said(error.NoRouteError(osError=errno.ENETUNREACH)): "there is no way",
            self.said(error.DNSLookupError(), "box.lan"): "there is no host box.lan",
            self.said(error.ConnectBindError(osError=errno.EADDRNOTAVAIL)): "it has 10.0.0.2",
            self.said(error.ConnectError(osError=errno.EMFILE)): "Too many open files",
            self.said(NoGreeting("")): "is that the registry's port?",
            self.said(NotExpected(Hello(PROTOCOL, "peer", "s2", "default"))): "have another port?",
            self.said(NotExpected(Hello(PROTOCOL, "registry", "registry", "lab"))): "--network lab",
            self.said(NotExpected(Hello(99, "registry", "registry", "default"))): "update",
            self.said(NoAnswer("says nothing")): "the registry at 10.0.0.1:9011 says nothing",
        }
        self.assertEqual(len(sentences), 13)
        for sentence, check in sentences.items():
            self.assertIn(check, sentence)
            self.assertNotIn("p2pmeta", sentence)
        # Whoever noticed it.
        self.assertIn(self.said(error.TCPTimedOutError()), sentences)
        answered = error.ConnectError(string="[Failure instance: Traceback ...]")
        no_way = self.said(answered)
        self.assertIn(no_way, sentences)
        self.assertIn("Does a firewall refuse port 9011?", no_way)

    def test_private(self) -> None:
        """A member is not told to come in, but that its registry is not there."""
        for is_private, says in (
            (True, "no registry of this peer's private"),
            (True, "Is its clock right?"),
            (False, "--join"),
        ):
            said = explain(NoGreeting(""), "10.0.0.1", 9011, "default", is_private)
            self.assertIn(says, said)

    def test_ipv6(self) -> None:
        """An IPv6 address has its brackets."""
        self.assertIn("[::1]:9011", self.said(error.ConnectionRefusedError(), "::1"))
