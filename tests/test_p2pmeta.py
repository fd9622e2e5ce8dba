"""The options of ``twistd p2pmeta``, and what is built from them."""

import socket
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted import p2pmeta
from p2p_twisted.p2pmeta import Options, makeService
from p2p_twisted.registry.sqlite import SqliteStore
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.threads import inline


def parsed(*arguments: str) -> dict[str, Any]:
    """Read a command line."""
    options = Options()
    options.parseOptions(list(arguments))
    return dict(options)


class OptionsTests(SynchronousTestCase):
    """What may be said on the command line."""

    def test_defaults(self) -> None:
        """Nothing need be said: loopback, ten ports, a file in this directory."""
        options = parsed()
        self.assertEqual(options["listen"], "tcp:9011:interface=127.0.0.1")
        self.assertEqual(options["ports"], range(9000, 9010))
        self.assertEqual(options["store"], Path("p2pmeta.db").absolute())
        self.assertEqual(options["network"], "default")
        self.assertFalse(options["insecure-lan"])
        self.assertFalse(options["allow-advertise"])

    def test_forgotten(self) -> None:
        """Where the keys of a private network are, no open one is run by mistake."""
        keys = Path(self.mktemp())
        keys.mkdir()
        self.assertFalse(parsed("--keys", str(keys))["opened"])
        (keys / "issuer.pem").touch()
        error = self.assertRaises(UsageError, parsed, "--keys", str(keys))
        self.assertIn("has the keys of a private network: say --private to run", str(error))

    def test_private_on_etcd(self) -> None:
        """What lets anybody in does not go to another machine for all to change."""
        listen = ("--listen", "tcp:0:interface=127.0.0.1")
        private = ("--private", *listen, "--keys", self.mktemp(), "--store")
        error = self.assertRaises(UsageError, parsed, *private, "etcd://10.0.0.1")
        self.assertIn("say --etcd-ca FILE", str(error))
        self.assertIsNotNone(parsed(*private, "etcd://127.0.0.1")["opened"])

    def test_alone(self) -> None:
        """What has no effect without another option is refused; a configuration may say it."""
        for option, needed in (
            ("--keys", "--private"),
            ("--root-key", "--private"),
            ("--events-size", "--events"),
            ("--web-token", "--web"),
        ):
            said = f"{option}=5M"
            self.patch(sys, "orig_argv", ["p2p", "registry"])
            parsed(said)
            self.patch(sys, "orig_argv", ["p2p", "registry", said])
            error = self.assertRaises(UsageError, parsed, said)
            self.assertIn(f"{option} has no effect without {needed}: say both", str(error))

    def test_given(self) -> None:
        """Everything can be said otherwise."""
        options = parsed(
            *("--listen", "tcp6:0:interface=\\:\\:1", "--ports", "9100-9199"),
            *("--store", "memory:", "--network", "Lab-7"),
        )
        self.assertEqual(options["listen"], "tcp6:0:interface=\\:\\:1")
        self.assertEqual(options["ports"], range(9100, 9200))
        self.assertIsNone(options["store"])
        self.assertEqual(options["network"], "lab-7")

    def test_listen(self) -> None:
        """Where other machines are let in, it listens to them, unless it is told where."""
        self.assertEqual(parsed("--insecure-lan")["listen"], "tcp:9011")
        here = "tcp:9011:interface=127.0.0.1"
        self.assertEqual(parsed("--insecure-lan", "--listen", here)["listen"], here)

    def test_one_port(self) -> None:
        """One port is a range, too."""
        self.assertEqual(parsed("--ports", "9000")["ports"], range(9000, 9001))

    def test_refused(self) -> None:
        """What makes no sense is answered with what does."""
        for option, values, words in (
            ("--ports", ("", "x", "9009-9000", "80-90", "65000-65536", "9000-"), "9000-9009"),
            ("--listen", ("", "9011", "tcp", "tcp:x", "unix:/tmp/s", "tcp:1:x=2"), "tcp:9011:"),
            ("--store", ("", "sqlite:", "p2pmeta.db", "etcd:x"), "sqlite:FILE, etcd://HOST"),
            (
                "--store",
                ("etcd://", "etcd://a:x", "etcd://a,,b", "etcd://a/é"),
                "etcd://HOST:PORT,",
            ),
            ("--network", ("", "a b", "-", "é", 32 * "x"), "--network takes letters"),
        ):
            for value in values:
                error = self.assertRaises(UsageError, parsed, option, value)
                self.assertIn(words, str(error), value)
                self.assertIn(repr(value), str(error))


class PrivateTests(SynchronousTestCase):
    """A private network is made once nothing is in its registry's way that was there before."""

    def assert_conflict(self, why: str, *words: str) -> None:
        keys, said = Path(self.mktemp()), StringIO()
        for joining in ((), ("--join", "p2p1-x")):
            with redirect_stderr(said), redirect_stdout(said):
                private = ("--private", "--keys", str(keys), *joining)
                ended = self.assertRaises(SystemExit, parsed, *private, *words)
            self.assertEqual(ended.code, Exit.CONFLICT)
        self.assertEqual(said.getvalue().count(why), 2, said.getvalue())
        self.assertFalse(keys.exists())

    def test_port_taken(self) -> None:
        """Nothing is made, and no invite is used up, where something else has its port."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            listen = f"--listen=tcp:{other.getsockname()[1]}:interface=127.0.0.1"
            self.assert_conflict("another program listens there; is it", listen)

    def test_store_taken(self) -> None:
        """So it is where another registry has its store."""
        path = Path(self.mktemp()).absolute()
        other = SqliteStore(path, inline)
        other.open()
        self.addCleanup(other.close)
        store = ("--listen", "tcp:0:interface=127.0.0.1", "--store", f"sqlite:{path}")
        self.assert_conflict("give this one another --store", *store)


class MakeServiceTests(SynchronousTestCase):
    """What the daemon is made of."""

    def test_opens_nothing(self) -> None:
        """Before it starts there is no file and no port."""
        reactor = MemoryReactorClock()
        path = Path(self.mktemp())
        options = Options()
        options.parseOptions(["--store", f"sqlite:{path}"])
        prepared: list[Any] = []
        # It would change this process.
        self.patch(p2pmeta, "prepare", prepared.append)
        makeService(options, reactor)
        self.assertEqual(prepared, [reactor])
        self.assertFalse(path.exists())
        self.assertEqual(reactor.tcpServers, [])
        self.assertEqual(reactor.getDelayedCalls(), [])
