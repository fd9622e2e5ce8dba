"""The options of ``twistd p2ppeer``."""

import re
import sys
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from twisted.python import usage
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted import __version__
from p2p_twisted.bandwidth.rates import Rates, Slots
from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.p2ppeer import Options
from p2p_twisted.peer.directories import check_groups
from p2p_twisted.peer.private_member import PrivateMember, save_member
from p2p_twisted.wire.limits import KIB, MIB
from tests.trust.private_network import PrivateNetwork


def read(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(["--name", "s1", *arguments])
    return options


def parsed(*arguments: str) -> dict[str, Any]:
    return dict(read(*arguments))


class VersionTests(SynchronousTestCase):
    """Which program this is."""

    def test_version(self) -> None:
        """It is this one's version, and Twisted's beside it."""
        shown = StringIO()
        with redirect_stdout(shown), self.assertRaises(SystemExit):
            parsed("--version")
        self.assertRegex(shown.getvalue(), rf"^p2p_twisted {re.escape(__version__)}, Twisted \d")


class MemberOptionsTests(SynchronousTestCase):
    """What a member of a private network need not say."""

    def test_network(self) -> None:
        """It is in no other network than its own."""
        network = PrivateNetwork("lab", time.time())
        credentials = network.let_in("s1", now=time.time())
        save_member(Path("s1/.p2p"), PrivateMember(credentials, "lab", ("127.0.0.1", 9_011)))
        for more in ((), ("--network=lab",)):
            self.assertEqual(parsed(*more)["network"], "lab")
        error = self.assertRaises(UsageError, parsed, "--network=other")
        self.assertIn("in the private network lab: leave --network away", str(error))


class DirectoryOptionsTests(SynchronousTestCase):
    """Where a peer's files are."""

    def test_default(self) -> None:
        """All is below a directory of the peer's name, which need not be there yet."""
        options = parsed()
        paths = [options[each] for each in ("directory", "downloads", "state")]
        self.assertEqual(paths, [Path("s1"), Path("s1/Downloads"), Path("s1/.p2p")])

    def test_named(self) -> None:
        """What is named is there, but for the state, which the peer makes."""
        for name in ("share", "incoming", "empty", "old"):
            Path(name).mkdir()
        Path("old/lock").touch()
        options = parsed("--directory=share", "--downloads=incoming", "--state=state")
        paths = [options[each] for each in ("directory", "downloads", "state")]
        self.assertEqual(paths, [Path("share"), Path("incoming"), Path("state")])
        for state in ("empty", "old"):
            self.assertEqual(parsed(f"--state={state}")["state"], Path(state))

    def test_shares(self) -> None:
        """Others may be named, each by an option or all on lines of one."""
        for name in ("lab", "music", "films"):
            Path(name).mkdir()
        options = parsed("--share=lab=lab", "--share=m=music\nf=films")
        shares = (("lab", Path("lab")), ("m", Path("music")), ("f", Path("films")))
        self.assertEqual(options["shares"], shares)

    def test_groups(self) -> None:
        """What is for a group alone is for one that this peer is in, or an admin of its network."""
        Path("lab").mkdir()
        for arguments, said in (
            (["--share=@lab=lab"], "--share @lab: groups are of private networks: come into one"),
            (["--share=@Lab=lab"], "write Lab in lower case"),
            (["--share=@=lab"], "--share @=lab: "),
            (["--share=@lab=lab", "--share=LAB=lab"], "there are two of that name"),
        ):
            self.assertIn(said, str(self.assertRaises(UsageError, parsed, *arguments)))
        network = PrivateNetwork()
        for name, how, is_fine in (
            ("anna", {"admin": True}, True),
            ("ben", {"groups": ["lab"]}, True),
            ("carl", {"groups": ["other"]}, False),
        ):
            credentials = network.let_in(name, **how)
            member = PrivateMember(credentials, "default", ("127.0.0.1", 9_011))
            shares = (("plain", Path("x")), ("@lab", Path("lab")))
            if is_fine:
                check_groups(shares, member)
            else:
                error = self.assertRaises(UsageError, check_groups, shares, member)
                self.assertIn("--share @lab: carl is not in that group, and no admin", str(error))

    def test_refused(self) -> None:
        """A typo is not a directory to make, and a state keeps to itself."""
        Path("full").mkdir()
        Path("full/thesis.txt").touch()
        Path("file").touch()
        for argument, said in (
            ("--directory=Dcouments", "Dcouments does not exist"),
            ("--downloads=Donwloads", "Donwloads does not exist"),
            ("--downloads=full/thesis.txt", "is not a directory"),
            ("--state=nowhere/state", "nowhere does not exist"),
            ("--state=full", "has other files"),
            ("--name=file", "file is not a directory"),
            *((f"--{option}=", "names nothing") for option in ("directory", "downloads", "state")),
            ("--network=Ü", "--network, which"),
            ("--registry=p2p1-abc@10.0.0.1:9011", "an invite is for --join"),
        ):
            self.assertIn(said, str(self.assertRaises(UsageError, parsed, argument)))

    def test_newcomer(self) -> None:
        """A state is no other directory because its peer has come into a private network."""
        Path("state/private").mkdir(parents=True)
        # It goes on to see that nothing is in there.
        self.assertRaises(SystemExit, parsed, "--state=state")
        Path("state/thesis.txt").touch()
        error = self.assertRaises(UsageError, parsed, "--state=state")
        self.assertIn("has other files", str(error))

    def test_apart(self) -> None:
        """What is not shared is not all that there is to share, under whichever name."""
        for name in ("share", "x"):
            Path(name).mkdir()
        Path("link").symlink_to("share")
        for directory in ("share", "link", "x/../share"):
            for option in ("downloads", "state"):
                error = self.assertRaises(
                    UsageError, parsed, f"--directory={directory}", f"--{option}=share"
                )
                self.assertIn(f"--{option}: share is the directory to share", str(error))
        Path("share/in").mkdir()
        parsed("--directory=share", "--downloads=share/in")
        parsed("--directory=share/in", "--downloads=share")

    def test_state_is_hidden(self) -> None:
        """Below what is shared, where another peer may share it, too, only what is hidden."""
        Path("share/in").mkdir(parents=True)
        for state in ("share/st", "share/in/st", "share/in"):
            error = self.assertRaises(UsageError, parsed, "--directory=share", f"--state={state}")
            self.assertIn("others who share that, too, would list", str(error))
        for state in ("share/.st", "st", "share/../st"):
            parsed("--directory=share", f"--state={state}")
        Path("both").mkdir()
        error = self.assertRaises(UsageError, parsed, "--downloads=both", "--state=both")
        self.assertIn("--state: both is where downloads land", str(error))

    def test_own_files(self) -> None:
        """The log and the pid file are this peer's own, wherever twistd was told to put them."""
        options = Options()
        self.assertEqual(options.own_files(), ())
        options.parent = usage.Options()
        options.parent.update({"logfile": "a.log", "pidfile": ""})
        own = options.own_files()
        self.assertEqual(own[:2], (Path("a.log").absolute(), Path("a.log.1").absolute()))
        self.assertEqual(len(own), 6)


class ResultsOptionTests(SynchronousTestCase):
    """Where a script's verdicts go."""

    def test_open(self) -> None:
        """It is a descriptor that is open."""
        self.assertEqual(parsed("--results=2")["results"], 2)

    def test_refused(self) -> None:
        """What is no descriptor, or is not open, would leave a script waiting."""
        for number in ("987654", "-1", "two", "", str(1 << 80)):
            error = self.assertRaises(UsageError, parsed, f"--results={number}")
            self.assertIn("the number of an open file descriptor", str(error))


class WebOptionTests(SynchronousTestCase):
    """Where programs may ask over TCP."""

    def test_port(self) -> None:
        """It has a number, or none, for any free port; without it nothing listens."""
        self.assertIsNone(parsed()["web"])
        for words, port in (
            (["--web"], 0),
            (["--web", "9100"], 9_100),
            (["--web=9100"], 9_100),
            (["--web", "--reshare"], 0),
        ):
            self.assertEqual(parsed(*words)["web"], port)
        self.assertTrue(parsed("--web", "--reshare")["reshare"])

    def test_gateway(self) -> None:
        """The gateway takes a port, or nothing for any; an origin takes a gateway, too."""
        self.assertIsNone(parsed()["gateway"])
        self.assertEqual(parsed("--gateway", "--web", "9100")["gateway"], 0)
        self.assertEqual(parsed("--gateway", "9300", "--origin", "https://a.b")["gateway"], 9_300)
        for words in (
            ("--gateway", "x"),
            ("--gateway", "99999"),
            ("--origin", "https://a.b"),
            ("--gateway", "--origin", "a.b"),
            ("--gateway", "--origin", "ftp://a.b"),
            ("--gateway", "--origin", "https://a.b/ x"),
        ):
            self.assertRaises(UsageError, parsed, *words)

    def test_web_token(self) -> None:
        """A token that stays is made once, for this user alone; one that others know is none."""
        path = Path("token")
        access = read("--web", "--web-token=token").web_access()
        assert access is not None
        self.assertEqual((path.stat().st_mode & 0o777, path.read_text()), (0o600, access.token))
        self.assertEqual(parsed("--web", "--web-token=token")["web-token"], access.token)
        self.assertIsNone(read("--web-token=token").web_access())
        path.chmod(0o640)
        refused = self.assertRaises(UsageError, parsed, "--web-token=token")
        self.assertIn("others can read token: chmod 600 it", str(refused))
        path.write_text("short")
        path.chmod(0o600)
        self.assertRaises(UsageError, parsed, "--web-token=token")
        self.assertRaises(UsageError, parsed, "--web-token=nowhere/token")

    def test_refused(self) -> None:
        """What is no port is named."""
        for port in ("65536", "http", "-1", ""):
            error = self.assertRaises(UsageError, parsed, f"--web={port}")
            self.assertIn("--web takes a port", str(error))


class LimitOptionsTests(SynchronousTestCase):
    """What a peer may use of its machine."""

    def test_default(self) -> None:
        """Nothing is limited but the number of transfers."""
        options = parsed()
        self.assertEqual((options["rates"], options["given-rates"]), (Rates(), frozenset()))
        self.assertEqual(options["max-transfers"], Slots())
        self.assertFalse(options["reshare"])

    def test_limits(self) -> None:
        """Rates are read as curl reads them; fewer transfers may be slower."""
        options = parsed("--max-up=1.5M", "--max-down", "64k", "--max-transfers=4", "--reshare")
        self.assertEqual(options["rates"], Rates(3 * MIB // 2, 64 * KIB))
        self.assertEqual(options["max-transfers"], Slots(4, 4))
        self.assertTrue(options["reshare"])
        self.assertEqual(parsed("--max-up=0", "--max-down=off")["rates"], Rates())
        self.assertEqual(parsed("--max-up=0")["given-rates"], {"up"})

    def test_relay(self) -> None:
        """What is relayed is a rate, or nothing, or what is usual."""
        for given, read in ((), None), (["--relay=off"], 0), (["--relay=1.5M"], 3 * MIB // 2):
            self.assertEqual(parsed(*given)["relay"], read)

    def test_accept(self) -> None:
        """Whose pushes are taken, how much of them, and where they land."""
        self.assertEqual(parsed()["accept"], AcceptRule())
        accepts = parsed("--accept=ask", "--accept-most=2G", "--accept-into=pushed/here")["accept"]
        self.assertEqual(accepts, AcceptRule(("ask",), 2048 * MIB, "pushed/here"))

    def test_accept_none(self) -> None:
        """Nobody says where what is not taken lands; a configuration may."""
        words = ["--accept=none", "--accept-into=pushed"]
        self.assertEqual(parsed(*words)["accept"].words, ("none",))
        self.patch(sys, "orig_argv", ["p2p", "peer", *words])
        self.assertRaises(UsageError, parsed, *words)

    def test_refused(self) -> None:
        """What is no rate, too slow, or no number says what would be right."""
        for argument, said in [
            ("--accept=all", "--accept all: say anyone"),
            ("--accept=admins", "no admins and no groups"),
            ("--accept-most=much", "such as 500M or 10G"),
            ("--accept-into=../up", "a folder below the downloads"),
            ("--relay=63K", "from 64K on, such as 10M, or off"),
            ("--relay=0", "from 64K on"),
            ("--relay=on", "or off"),
            ("--max-up=10MB", "such as 10M"),
            ("--max-up=63K", "64K at least"),
            ("--max-down=100K", "128K at least"),
            ("--max-transfers=0", "from 1 to 256"),
            ("--max-transfers=257", "from 1 to 256"),
            ("--max-transfers=many", "from 1 to 256"),
        ]:
            error = self.assertRaises(UsageError, parsed, argument)
            self.assertIn(said, str(error))
