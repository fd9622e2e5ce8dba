"""``p2p push`` and the console, with real peers."""

import json
import os
import shutil
import signal
import subprocess
import unittest
from pathlib import Path
from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.commands import run
from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.networks import Network, Peer, use_own_runtime_folder

LESSON = os.urandom(3_000_000)


@pytest.mark.slow
class PushTests(SynchronousTestCase):
    """Peers with other rules, and what becomes of what s1 pushes."""

    def setUp(self) -> None:
        use_own_runtime_folder(self)
        self.network = Network(self, ports=6)
        self.network.start_registry()
        self.network.write("s1/lesson.tar", LESSON)
        self.s1 = self.network.start_peer("s1").wait_ready()

    def start(self, name: str, *options: str) -> Peer:
        peer: Peer = self.network.start_peer(name, *options).wait_ready()
        wait_until(lambda: len(self.s1.topology()) > 1, f"{name} and s1")
        return peer

    def p2p(self, *words: str, peer: str = "s1") -> "subprocess.CompletedProcess[str]":
        return run([script("p2p"), "--peer", peer, *words], self.network.directory)

    def told(self, *words: str, peer: str = "s1") -> Any:
        ran = self.p2p(*words, "--json", peer=peer)
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def wait_for_board(self, number: int, counts: str) -> None:
        """Look at a push at s1 again and again: a board is shown again for a second."""

        def is_so() -> bool:
            return counts in self.s1.answer(f"pushes {number}", "have it")

        wait_until(is_so, f"{counts!r} of push {number}")

    def here(self, path: str) -> Path:
        return self.network.directory / path

    def test_all(self) -> None:
        """All that are there have it, and exit code, board and JSON say so, also elsewhere."""
        for name in ("s2", "s3"):
            self.start(name, "--accept", "anyone")
        elsewhere = self.here("other/notes.txt")
        elsewhere.parent.mkdir()
        elsewhere.write_text("some notes")
        pushed = self.p2p("push", "s1/lesson.tar", str(elsewhere), "--to", "@all", "--wait")
        self.assertEqual((pushed.returncode, pushed.stdout.count("2 of 2 have it")), (0, 2), pushed)
        for name in ("s2", "s3"):
            self.assertEqual(self.here(f"{name}/Downloads/lesson.tar").read_bytes(), LESSON)
            self.assertEqual(self.here(f"{name}/Downloads/notes.txt").read_text(), "some notes")
        [shown] = self.told("pushes", "1", peer="s2")
        self.assertEqual(shown["boards"][0]["counts"]["saved"], 2)
        *boards, end = self.told("pushes", "1-2", "--wait")
        self.assertEqual((end["end"]["exit"], {*boards[0]}), (0, {"board"}))

    def test_rules(self) -> None:
        """One refuses by its rule: exit code 10, and its row says so; the other has it."""
        self.start("s2", "--accept", "anyone")
        self.start("s3", "--accept", "none")
        pushed = self.p2p("push", "lesson.tar", "--to", "s2,s3", "--wait")
        self.assertEqual(pushed.returncode, 10, pushed)
        self.assertIn("1 of 2 have it, 1 refused", pushed.stdout)
        self.assertRegex(pushed.stdout, r"(?m)^  s3  refused")
        self.assertFalse(self.here("s3/Downloads/lesson.tar").exists())

    @unittest.skipIf(os.geteuid() or not shutil.which("unshare"), "takes root and unshare")
    def test_no_space(self) -> None:
        """One has no room for it: exit code, board and JSON say exactly that."""
        self.start("s2", "--accept", "anyone")
        small = self.here("s3/Downloads")
        small.mkdir(parents=True)
        # In a mount namespace of its own, which ends with it.
        mounted = 'mount -t tmpfs -o size=2m tmpfs "$0"; exec "$@"'
        peer = (*self.network.command("s3"), "--accept", "anyone")
        s3 = Peer(
            *("--mount", "sh", "-ec", mounted, str(small), script("twistd"), "-n", *peer),
            cwd=self.network.directory,
            command=str(shutil.which("unshare")),
            stdin=subprocess.PIPE,
        )
        self.addCleanup(s3.end)
        s3.wait_ready()
        wait_until(lambda: len(self.s1.topology()) > 2, "s3 and the others")
        pushed = self.p2p("push", "lesson.tar", "--to", "@all", "--wait")
        self.assertEqual(pushed.returncode, 10, pushed)
        self.assertIn("1 of 2 have it, 1 no space", pushed.stdout)
        self.assertIn("  s3  no space  needs 2.9 MiB, and has 2.0 MiB\n", pushed.stdout)
        *_boards, last = self.told("pushes", "1", "--wait")
        [board] = last["end"]["boards"]
        counts = {state: number for state, number in board["counts"].items() if number}
        self.assertEqual((last["end"]["exit"], counts), (10, {"no space": 1, "saved": 1}))
        self.assertEqual((board["is_done"], board["have_all"]), (True, False))
        reasons = {each["peer"]: (each["state"], each["reason"]) for each in board["receipts"]}
        no_space = "no space", "needs 2.9 MiB, and has 2.0 MiB"
        self.assertEqual(reasons, {"s2": ("saved", ""), "s3": no_space})

    def test_late(self) -> None:
        """Who comes later gets it then; until it was ended."""
        self.start("s2", "--accept", "anyone")
        late = self.p2p("push", "lesson.tar", "--to", "s2,s3", "--timeout", "8s")
        self.assertIn(late.returncode, (6, 10), late)
        self.assertRegex(late.stdout, r"(?m)^  s3  off$")
        self.start("s3", "--accept", "anyone")
        wait_until(self.here("s3/Downloads/lesson.tar").exists, "what was pushed before")
        again = self.p2p("pushes", "1", "--wait")
        self.assertEqual((again.returncode, "2 of 2 have it" in again.stdout), (0, True), again)
        self.assertEqual(self.p2p("unpush", "1").stdout, "push 1 has ended\n")
        self.assertEqual(self.told("pushes"), [{"offers": []}])
        wait_until(lambda: self.told("pushes", peer="s2") == [{"offers": []}], "its end at s2")

    def test_asked(self) -> None:
        """A person is asked, in a console or by a program, and has it once it was accepted."""
        s2 = self.start("s2", "--accept", "ask")
        pushed = self.s1.answer("push lesson.tar --to s2 --for 2h", "pushed lesson.tar")
        self.assertIn("pushes 1 shows how it goes", pushed)
        wait_until(lambda: self.told("pushes", peer="s2")[0]["offers"], "that it comes")
        self.wait_for_board(1, "0 of 1 have it, 1 asked")
        s2.answer("accept 1", "saved lesson.tar to s2/Downloads/lesson.tar")
        self.wait_for_board(1, "1 of 1 have it")
        self.s1.answer("push lesson.tar --to s2", "pushed lesson.tar")
        wait_until(lambda: len(self.told("pushes", peer="s2")[0]["offers"]) > 1, "the second")
        self.assertEqual(self.p2p("refuse", "2", peer="s2").stdout, "refused push 2\n")
        self.wait_for_board(2, "0 of 1 have it, 1 refused")

    def test_interrupted(self) -> None:
        """Ctrl-C ends the waiting alone."""
        self.start("s2", "--accept", "ask")
        command = [script("p2p"), "--peer", "s1", "push", "lesson.tar", "--to", "@all", "--wait"]
        waiting = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.addCleanup(waiting.kill)
        assert waiting.stderr is not None
        self.assertIn("lesson.tar: ", waiting.stderr.readline())
        waiting.send_signal(signal.SIGINT)
        _out, said = waiting.communicate(timeout=PATIENCE)
        said_of = "p2p pushes 1 --peer s1 shows how, p2p unpush 1 --peer s1 ends it"
        self.assertIn(f"the push goes on: {said_of}", said)
        self.assertEqual(waiting.returncode, 130)
        [listed] = self.told("pushes")
        self.assertEqual([each["number"] for each in listed["offers"]], [1])
