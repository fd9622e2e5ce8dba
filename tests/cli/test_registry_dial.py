"""Whether a registry answers at the moment."""

import socket
from threading import Thread

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.registry_dial import registry_fault
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import PROTOCOL, Hello


class RegistryDialTests(SynchronousTestCase):
    def told(self, greeting: bytes) -> str | None:
        """Look at something that greets so."""
        with socket.create_server(("127.0.0.1", 0)) as server:

            def greet() -> None:
                connection, _ = server.accept()
                with connection:
                    connection.sendall(greeting)

            greeter = Thread(target=greet)
            greeter.start()
            try:
                return registry_fault(f"127.0.0.1:{server.getsockname()[1]}", "default")
            finally:
                greeter.join()

    def test_answers(self) -> None:
        """One of the right network has nothing wrong with it; all else is named."""
        self.assertIsNone(self.told(encode(Hello(PROTOCOL, "registry", "registry", "default"))))
        for greeting, why in (
            (encode(Hello(PROTOCOL, "registry", "registry", "lab")), "of another network"),
            (encode(Hello(PROTOCOL, "peer", "s1", "default")), "is no registry"),
            (b"HELLO []\r\n", "is no registry"),
            (b"HELLO {\r\n", "is no registry"),
            (b"220 mail\r\n", "is no registry"),
            (b"", "is no registry"),
        ):
            self.assertIn(why, str(self.told(greeting)))

    def test_gone(self) -> None:
        """Where nothing listens any more, that is said."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self.assertIn("no registry answers at", str(registry_fault(f"127.0.0.1:{port}", "default")))
