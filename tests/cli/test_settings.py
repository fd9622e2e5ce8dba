"""Which settings hold for a daemon, and what a configuration may say."""

import contextlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.config_file import BadConfig, ConfigFile, config_path, read_config
from p2p_twisted.cli.daemon import daemon_parser
from p2p_twisted.cli.daemon_options import DaemonOption, Kind
from p2p_twisted.cli.main import main
from p2p_twisted.cli.settings_of import (
    Setting,
    check_variables,
    origins,
    settings_of,
    variable,
)

OPTIONS = [
    DaemonOption("name", "who this is", None, False),
    DaemonOption("max-up", "the most to send", None, False),
    DaemonOption("network", "which one", "default", False),
    DaemonOption("share", "what else", None, False),
    DaemonOption("reshare", "let others have it", None, True),
]
NAMES = {each.name: each.is_flag for each in OPTIONS}
KNOWN: Mapping[Kind, Mapping[str, bool]] = {"peer": NAMES, "registry": NAMES}


def read(text: str) -> ConfigFile:
    Path("config.toml").write_text(text)
    return read_config(Path("config.toml"), KNOWN)


def decided(
    text: str, given: "Mapping[str, str | bool] | None" = None, **environment: str
) -> dict[str, Setting]:
    """Decide for a peer, with such a configuration."""
    settings = settings_of("peer", OPTIONS, given or {}, environment, read(text))
    return {each.name: each for each in settings}


class VariableTests(SynchronousTestCase):
    """Variables of the environment."""

    def test_mistyped(self) -> None:
        """One that is nearly an option's is an error; others are other programs'."""
        check_variables({"P2P_MAX_UP": "1M", "P2P_PEER": "s1", "P2P_DATA": "x", "HOME": "/"}, KNOWN)
        for mistyped, meant in (
            ("P2P_MAX_UPP", "P2P_MAX_UP"),
            ("P2P_REGISTRY_NETWROK", "P2P_REGISTRY_NETWORK"),
            ("P2P_CONFG", "P2P_CONFIG"),
        ):
            error = self.assertRaises(BadConfig, check_variables, {mistyped: "1M"}, KNOWN)
            self.assertIn(f"{mistyped}; did you mean {meant}?", str(error))


class ConfigFileTests(SynchronousTestCase):
    """Reading a file."""

    def refuse(self, text: str, *expected: str) -> None:
        error = self.assertRaises(BadConfig, read, text)
        for each in ("config.toml", *expected):
            self.assertIn(each, str(error))

    def test_nothing(self) -> None:
        """Without a file, and in an empty one, nothing is said."""
        self.assertEqual(read("").peers, {})
        self.assertEqual(read_config(None, KNOWN).path, None)

    def test_unknown(self) -> None:
        """What nobody knows is an error, with what was probably meant."""
        self.refuse("[peer]\nmax_up = 3", "[peer] knows no max_up; did you mean max-up?")
        self.refuse("[peer.s1]\nnetwrk = 'x'", "[peer.s1] knows no netwrk; did you mean network?")
        self.refuse("[peers]", "peers; did you mean peer? (there is [peer], [peer.NAME], ")
        self.refuse("[registry.one]", "nobody knows [registry.one]")
        self.refuse("peer = 1", "write [peer]")

    def test_shares(self) -> None:
        """Other directories to share have a section of their own, and it is no peer's."""
        config = read("[peer.share]\nlab = '/data/lab'\n\"My Music\" = '/m'\n[peer.s1]\n")
        self.assertEqual(list(config.peers), ["s1"])
        said = config.common["peer"].values
        self.assertEqual(said, {"share": "lab=/data/lab\nMy Music=/m"})
        self.refuse("[peer.share]\nlab = 1", "lab takes a directory")
        self.refuse('[peer.share]\nlab = "a\\nb=c"', "lab takes a directory")

    def test_several(self) -> None:
        """An option that is given several times has a line for each, and twistd takes it."""
        words = ["--share", "a=/a", "--share=b=/b"]
        given = vars(daemon_parser("peer").parse_args(words))
        self.assertEqual(given, {"share": "a=/a\nb=/b"})
        share = decided("[peer.share]\nc = '/c'", given)["share"]
        self.assertEqual((share.argument, share.origin), ("--share=a=/a\nb=/b", "--share"))

    def test_kinds_of_values(self) -> None:
        """Options without a value are true or false, others have one value."""
        self.refuse("[peer]\nreshare = 'yes'", "reshare takes true or false")
        self.refuse("[peer]\nnetwork = true", "network takes a value")
        self.refuse("[peer]\nnetwork = ['a']", "network takes one value")
        section = read("[peer]\nmax-up = 1000\nreshare = true").common["peer"]
        self.assertEqual(section.values, {"max-up": "1000", "reshare": True})

    def test_one_peer_twice(self) -> None:
        """A peer has one section: names are in any case."""
        self.refuse("[peer.A]\n[peer.a]\n", "[peer.A] and [peer.a] are one peer")

    def test_no_configuration(self) -> None:
        """Bytes that are no configuration are refused, however bad they are."""
        self.refuse("[peer", "config.toml: ")
        self.refuse("a = " + "[" * 100_000, "config.toml: ")
        self.refuse("#" * 1_100_000, "too large")
        Path("config.toml").write_bytes(b"\xff")
        error = self.assertRaises(BadConfig, read_config, Path("config.toml"), KNOWN)
        self.assertEqual(str(error), "config.toml is no text in UTF-8: save it as such")
        Path("folder").mkdir()
        self.assertRaises(BadConfig, read_config, Path("folder"), KNOWN)

    def test_where(self) -> None:
        """It is where an option or a variable says, or below XDG_CONFIG_HOME."""
        here = {"P2P_CONFIG": "", "XDG_CONFIG_HOME": os.path.abspath("xdg")}
        self.patch(os, "environ", {**os.environ, **here})
        self.assertEqual(config_path(None), None)
        self.assertRaises(BadConfig, read_config, config_path("nowhere.toml"), {})
        usual = Path("xdg/p2p-twisted/config.toml").absolute()
        usual.parent.mkdir(parents=True)
        usual.touch()
        self.assertEqual(config_path(None), usual)
        Path("mine.toml").touch()
        os.environ["P2P_CONFIG"] = "mine.toml"
        self.assertEqual(config_path(None), Path("mine.toml").absolute())
        self.assertEqual(config_path(str(usual)), usual)


class SettingsTests(SynchronousTestCase):
    """Who comes before whom."""

    FILE = "[peer]\nnetwork = 'home'\nreshare = true\n[peer.s1]\nnetwork = 'lab'\n"

    def test_order(self) -> None:
        """An option comes before the environment, a peer's own section before that for all."""
        setting = decided("")["network"]
        self.assertEqual((setting.value, setting.origin), ("default", "default"))
        self.assertEqual(setting.argument, None)
        setting = decided(self.FILE, {"name": "s2"})["network"]
        self.assertEqual((setting.value, setting.origin), ("home", "config.toml [peer]"))
        setting = decided(self.FILE, {"name": "S1"})["network"]
        self.assertEqual((setting.value, setting.origin), ("lab", "config.toml [peer.s1]"))
        setting = decided(self.FILE, {"name": "s1"}, P2P_NETWORK="away")["network"]
        self.assertEqual((setting.value, setting.origin), ("away", "P2P_NETWORK"))
        setting = decided(self.FILE, {"network": "here"}, P2P_NETWORK="away")["network"]
        self.assertEqual((setting.argument, setting.origin), ("--network=here", "--network"))

    def test_origins(self) -> None:
        """Who is told that an option is wrong is told where it is set, if not as an option."""
        settings = decided(self.FILE, {"name": "s1"}, P2P_MAX_UP="1").values()
        self.assertEqual(
            origins("--max-up, --network: that is wrong", settings),
            ["--max-up is set by P2P_MAX_UP", "--network is set by config.toml [peer.s1]"],
        )
        self.assertEqual(origins("--name: that is wrong; see --networks", settings), [])

    def test_flags(self) -> None:
        """The environment can take back what the file says."""
        self.assertEqual(decided(self.FILE)["reshare"].argument, "--reshare")
        self.assertEqual(decided(self.FILE, P2P_RESHARE="no")["reshare"].argument, None)
        with self.assertRaises(BadConfig):
            decided(self.FILE, P2P_RESHARE="perhaps")

    def test_whose(self) -> None:
        """The only peer of a file need not be named, one of several has to be."""
        self.assertEqual(decided(self.FILE)["name"].argument, "--name=s1")
        two = f"{self.FILE}[peer.s2]"
        self.assertIn("s1, s2; say which", str(self.assertRaises(BadConfig, decided, two)))
        self.assertEqual(decided(two, P2P_NAME="s2")["network"].value, "home")

    def test_variables(self) -> None:
        """The two daemons' variables are apart."""
        self.assertEqual(variable("peer", "max-up"), "P2P_MAX_UP")
        self.assertEqual(variable("registry", "network"), "P2P_REGISTRY_NETWORK")


class ShowConfigTests(SynchronousTestCase):
    """``p2p config``."""

    def shown(self, *words: str) -> tuple[int, str, str]:
        said, complained = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
            code = main(["config", "--config", "config.toml", *words])
        return code, said.getvalue(), complained.getvalue()

    def test_shown(self) -> None:
        """It says what holds, and who says so."""
        Path("config.toml").write_text("[peer.s1]\n[peer.s2]\nmax-up = '10M'\n[registry]\n")
        code, said, _ = self.shown()
        self.assertEqual(code, 0)
        self.assertRegex(said, r"\[peer.s2\]\n(.+\n)+max-up +10M +.*config.toml \[peer.s2\]\n")
        self.assertRegex(said, r"\[registry\]\n(.+\n)*ports +9000-9009 +default\n")
        code, said, _ = self.shown("--name", "s2", "--json")
        answer: Any = json.loads(said)
        self.assertEqual(answer["sections"]["peer"]["max-up"]["value"], "10M")
        self.assertEqual(answer["sections"]["peer"]["name"], {"value": "s2", "from": "--name"})

    def test_invite(self) -> None:
        """It shows that there is an invite, and from where, but not the invite itself."""
        Path("config.toml").write_text("[peer]\njoin = 'p2p1-abcde@10.0.0.1'\n")
        for more in ((), ("--json",)):
            _, said, _ = self.shown(*more)
            self.assertIn("an invite, which is not shown", said)
            self.assertNotIn("abcde", said)
        Path("config.toml").write_text("[peer]\njoin = '@/run/invite'\n")
        self.assertIn("@/run/invite", self.shown()[1])

    def test_refused(self) -> None:
        """What is wrong is said in one line."""
        Path("config.toml").write_text("[peer]\nmax_up = '10M'\n")
        code, said, complained = self.shown()
        self.assertEqual((code, said), (2, ""))
        self.assertIn("did you mean max-up?", complained)
