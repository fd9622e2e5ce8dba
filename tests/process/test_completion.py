"""What is typed behind ``p2p`` is completed in real shells."""

import os
import pty
import select
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.process.commands import run
from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.networks import Network


@pytest.mark.slow
class CompletionTests(SynchronousTestCase):
    """With one running peer."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.addCleanup(scratch.cleanup)
        self.here = Path(scratch.name)
        folder = os.path.dirname(script("p2p"))
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        here = {"XDG_RUNTIME_DIR": scratch.name, "PATH": path, "HOME": scratch.name}
        self.patch(os, "environ", {**os.environ, **here})

    def shell(self, name: str, program: str, *words: str) -> list[str]:
        """Run a program in a shell; gives the lines that it writes."""
        if shutil.which(name) is None:
            raise SkipTest(f"there is no {name}: apt install {name}")
        command = [name, *(("--norc",) if name == "bash" else ()), "-c", program, name, *words]
        ran = run(command, self.here)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        return ran.stdout.splitlines()

    def bash(self, *words: str) -> list[str]:
        """Complete the last word in bash."""
        program = (
            'eval "$(p2p completion bash)"; compopt() { :; }; COMP_WORDS=(p2p "$@")\n'
            'COMP_CWORD=$#; _p2p; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        return self.shell("bash", program, *words)

    def test_bash(self) -> None:
        """Verbs, options, paths, and what the peer knows, with its spaces quoted."""
        network = Network(self)
        network.start_registry()
        network.write("s1/a b.txt", b"hello")
        network.start_peers("s1")
        self.assertEqual(self.bash("statu"), ["status"])
        self.assertEqual(self.bash("topo", "--m"), ["--mermaid"])
        self.assertEqual(self.bash("--peer", ""), ["s1"])
        self.assertEqual(self.bash("ls", ""), ["s1"])
        self.assertEqual(self.bash("peer", "--max-u"), ["--max-up"])
        (self.here / "folder").mkdir()
        self.assertEqual(self.bash("get", "--to", "fol"), ["folder"])
        wait_until(lambda: self.bash("find", "a") == [r"a\ b.txt"], "its name")

    def test_fish(self) -> None:
        """The same in fish."""
        program = "p2p completion fish | source; complete -C 'p2p statu'"
        self.assertEqual(self.shell("fish", program), ["status"])

    def test_zsh(self) -> None:
        """The same in zsh, which completes nothing but on a terminal."""
        if shutil.which("zsh") is None:
            raise SkipTest("there is no zsh: apt install zsh")
        child, terminal = pty.fork()
        if child == 0:
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "PS1": "> ", "TERM": "dumb"})
        self.addCleanup(os.close, terminal)
        setup = (
            'autoload -U compinit && compinit -u -D; eval "$(p2p completion zsh)"; echo re""ady\n'
        )
        os.write(terminal, setup.encode())
        shown = self.read(terminal, "ready\r")
        os.write(terminal, b"p2p statu\t")
        shown = self.read(terminal, "p2p status")
        self.assertIn("p2p status", shown)
        os.write(terminal, b"\x15exit\n")
        os.waitpid(child, 0)

    def read(self, terminal: int, sought: str) -> str:
        """Read what is shown, until something is there."""
        shown, deadline = "", time.monotonic() + PATIENCE
        while sought not in shown and time.monotonic() < deadline:
            if select.select([terminal], [], [], 1.0)[0]:
                shown += os.read(terminal, 4_096).decode(errors="replace")
        return shown
