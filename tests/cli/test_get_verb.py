"""What ``p2p get`` is told to download, and to say of it."""

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.limits import WORDS_AT_ONCE
from p2p_twisted.cli.get_verb import check_get, get
from p2p_twisted.cli.main import command_parser
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.runtime.exit_status import Exit
from tests.process.page_answers import download

CHOICE = {"number": 1, "id": "f" * 64, "name": "f1.txt", "peer": "s4"}
AMBIGUOUS = {
    "code": "ambiguous",
    "message": "different files have that name",
    "exit": 2,
    "hits": [CHOICE],
}


class LateFault:
    """A peer that finds out late that a name is ambiguous."""

    name = "s2"

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def lines(self, _method: str, _path: str, body: Any) -> Any:
        """Fail in the only line."""
        self.asked.append(body)
        yield {"download": None, "end": None, "error": AMBIGUOUS}


class FullDisk:
    """A peer on whose disk there is no room."""

    name = "s2"

    def typed(self, words: str) -> str:
        """Write a command for it."""
        return f"p2p {words} --peer s2"

    def lines(self, *_question: Any) -> Any:
        """Tell that the download has to wait."""
        blocked = download(1, "f1", "blocked", reason="the disk is full")
        end = {"exit": Exit.UNFINISHED, "downloads": [blocked], "here": [], "failed": []}
        yield {"download": None, "end": end, "error": None}


class GetTests(SynchronousTestCase):
    def options(self, *words: str) -> Any:
        options = command_parser().parse_args(["get", *words])
        check_get(options)
        return options

    def refused(self, *words: str) -> str:
        failed: CommandFailed = self.assertRaises(CommandFailed, self.options, *words)
        self.assertEqual(failed.code, Exit.USAGE)
        return str(failed)

    def test_numbers(self) -> None:
        """As many as the peer takes are numbers; what only begins as one is a name."""
        self.assertEqual(self.options("1", "3-5").numbers, [1, 3, 4, 5])
        self.assertEqual(len(self.options(f"1-{WORDS_AT_ONCE}").numbers), WORDS_AT_ONCE)
        for name in ("5-3", "1-2.txt", "1-2-3"):
            self.assertEqual((self.options(name).numbers, self.options(name).names), ([], [name]))

    def test_too_many(self) -> None:
        """More of them, or of names, are refused in one sentence."""
        self.assertEqual(
            self.refused("7", "1-1001"),
            "1-1001 is 1,001 numbers: name at most 1,000 at once; a file called 1-1001 is ./1-1001",
        )
        self.assertEqual(self.options("./1-1001").names, ["1-1001"])
        several = "p2p get takes at most 1,000 {} at once"
        self.assertEqual(self.refused("1-600", "1-600"), several.format("numbers"))
        self.assertEqual(self.refused(*["f"] * 1_001), several.format("names"))

    def test_choice(self) -> None:
        """What an ambiguous name may mean is shown, also where that is told late."""
        peer = LateFault()
        for words, numbered in (((), True), (("--registry", "s:1"), False)):
            client = cast(PeerClient, peer)
            failed = self.assertRaises(CommandFailed, get, client, self.options("f1", *words))
            self.assertIn(f"{'f' * 64}  f1.txt  s4", str(failed))
            self.assertEqual(peer.asked[-1].get("numbered", True), numbered)

    def test_full_disk(self) -> None:
        """A peer that stays goes on by itself, which is told; one for this command alone ends."""
        goes_on = "s2 goes on by itself once there is room: p2p transfers --peer s2 shows how\n"
        for words, exit_, told in (
            ((), Exit.UNFINISHED, goes_on),
            (("--registry", "s:1"), Exit.DISK, ""),
        ):
            with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as complained:
                code = get(cast(PeerClient, FullDisk()), self.options("f1", *words))
            self.assertEqual((code, complained.getvalue()), (exit_, told))
            self.assertIn("f1 blocked 42 %: the disk is full", said.getvalue())
