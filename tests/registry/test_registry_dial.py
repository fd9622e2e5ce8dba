"""Whether a registry answers at the moment."""

import errno
import socket
from threading import Thread
from unittest.mock import patch

import attrs
from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.registry_dial import answers, registry_faults
from p2p_twisted.trust.tls import mutual_context
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import PROTOCOL, Hello
from tests.trust.private_network import NOW, PrivateNetwork


class RegistryDialTests(SynchronousTestCase):
    def told(
        self, greeting: bytes, is_private: bool = False, context: SSL.Context | None = None
    ) -> str | None:
        """Look at something that greets so, over TLS if it has a context for that."""
        with socket.create_server(("127.0.0.1", 0)) as server:

            def greet() -> None:
                connection, _ = server.accept()
                with connection:
                    if context is None:
                        connection.sendall(greeting)
                        return
                    tls = SSL.Connection(context, connection)
                    tls.set_accept_state()
                    tls.sendall(greeting)

            greeter = Thread(target=greet)
            greeter.start()
            try:
                place = f"127.0.0.1:{server.getsockname()[1]}"
                return registry_faults(place, "default", is_private)[place]
            finally:
                greeter.join()

    def test_answers(self) -> None:
        """One of the right network has nothing wrong with it; all else is named."""
        self.assertIsNone(self.told(encode(Hello(PROTOCOL, "registry", "registry", "default"))))
        for greeting, why in (
            (encode(Hello(PROTOCOL, "registry", "registry", "lab")), "say --network lab"),
            (encode(Hello(PROTOCOL, "peer", "s1", "default")), "is the peer s1, no registry"),
            (encode(Hello(PROTOCOL + 1, "registry", "registry", "default")), "update the older"),
            (b"HELLO []\r\n", "does not greet"),
            (b"HELLO {\r\n", "does not greet"),
            (b"220 mail\r\n", "does not greet"),
            (b"", "does not greet"),
        ):
            self.assertIn(why, str(self.told(greeting)))

    def test_private(self) -> None:
        """That of a private network greets over TLS; one that does not is no registry of it."""
        registry = PrivateNetwork().let_in("registry")
        context = mutual_context(registry, lambda: NOW, welcomes_newcomers=True)
        hello = Hello(PROTOCOL, "registry", "registry", "default")
        self.assertIsNone(self.told(encode(hello), is_private=True, context=context))
        other = encode(attrs.evolve(hello, network="lab"))
        fault = self.told(other, is_private=True, context=context)
        self.assertIn("that of network lab", str(fault))
        for in_the_clear in (encode(hello), b""):
            said = str(self.told(in_the_clear, is_private=True))
            self.assertIn("is no registry of this peer's private network", said)

    def test_gone(self) -> None:
        """Where nothing can be reached, it is said what to check, as a peer says it."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        faults = registry_faults(f"127.0.0.1:{port}", "default")
        self.assertIn("does p2p registry run?", str(faults[f"127.0.0.1:{port}"]))
        with patch.object(socket, "create_connection") as connect:
            for error, why in (
                (socket.gaierror(socket.EAI_NONAME, "unknown"), "is the name right?"),
                (TimeoutError("timed out"), "is it on?"),
                (OSError(errno.ENETUNREACH, "unreachable"), "there is no way from this machine"),
                (OSError(errno.EHOSTUNREACH, "no route"), "there is no way from this machine"),
            ):
                connect.side_effect = error
                self.assertIn(why, str(registry_faults("elsewhere:9011", "default")))

    def test_may_be_there(self) -> None:
        """An open network's registry has to greet; of a private one, somebody has to listen."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            place = ("127.0.0.1", server.getsockname()[1])
            self.assertTrue(answers(place, "default", True))
        self.assertFalse(answers(place, "default", True))
        self.assertFalse(answers(place, "default"))
