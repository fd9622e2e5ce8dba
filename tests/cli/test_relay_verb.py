"""``p2p relay``: a peer that is there to relay."""

import contextlib
import io
from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli import daemon
from p2p_twisted.cli.main import main


class RelayVerbTests(SynchronousTestCase):
    """What it starts, and what it says of itself."""

    def started(self, *words: str) -> list[str]:
        """Return what twistd would be started with."""
        ran: list[list[str]] = []

        def run(program: str, arguments: Sequence[str]) -> int:
            ran.append([program, *arguments])
            return 0

        self.patch(daemon, "run_twistd", run)
        self.assertEqual(main(("relay", *words)), 0)
        [arguments] = ran
        return arguments

    def test_starts(self) -> None:
        """It is a peer that relays for all; each of these can be said otherwise."""
        program, _how, kind, *options = self.started("--insecure-lan")
        self.assertEqual((program, kind), ("p2p relay", "p2ppeer"))
        for option in ("--name=relay", "--relay=100M", "--insecure-lan"):
            self.assertIn(option, options)
        options = self.started("--relay", "5M", "--name", "hub")
        self.assertLessEqual({"--relay=5M", "--name=hub"}, set(options))
        self.assertNotIn("--relay=100M", options)

    def test_help(self) -> None:
        """It says what it is for."""
        told = io.StringIO()
        with contextlib.redirect_stdout(told), self.assertRaises(SystemExit):
            main(("relay", "--help"))
        self.assertTrue(told.getvalue().startswith("usage: p2p relay"))
        self.assertIn("there to relay", told.getvalue())
