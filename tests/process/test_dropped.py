"""What is still being copied into a share is asked for from another peer, by real daemons."""

import threading
import time

from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.networks import Network
from tests.process.person import Person

_PIECE = bytes(range(256)) * 4_096
_PIECES = 40
_PIECE_SECONDS = 0.05


class DroppedTests(SynchronousTestCase):
    """A file that takes two seconds to be copied there."""

    def setUp(self) -> None:
        self.network = Network(self)
        self.network.start_registry()
        [self.holder] = self.network.start_peers("s1")

    def drop(self, name: str) -> None:
        """Copy a file into the share of s1, in a thread."""

        def copy() -> None:
            with (self.network.directory / "s1" / name).open("wb") as file:
                for number in range(_PIECES):
                    file.write(number.to_bytes(4, "big") + _PIECE)
                    file.flush()
                    time.sleep(_PIECE_SECONDS)

        copying = threading.Thread(target=copy)
        copying.start()
        self.addCleanup(copying.join)

    def assert_same(self) -> None:
        name = "big.bin"
        content = self.network.read(f"s2/Downloads/{name}")
        self.assertEqual(len(content), _PIECES * (len(_PIECE) + 4))
        self.assertEqual(content, self.network.read(f"s1/{name}"))

    def test_script(self) -> None:
        """A script types one line, and gets its result: the whole file is saved."""
        [s2] = self.network.start_peers("s2")
        s2.wait_for_topology("s1", "s2")
        self.drop("big.bin")
        said = s2.answer("big", "^saved big.bin to s2/Downloads/big.bin ")
        self.assertNotIn("try again", said)
        self.assert_same()

    def test_terminal(self) -> None:
        """So does a person, who sees what is waited for."""
        command = (script("twistd"), "-n", *self.network.command("s2"))
        person = Person(*command, cwd=self.network.directory)
        self.addCleanup(person.end)

        def shows(text: str) -> bool:
            return any(text in line for line in person.lines())

        wait_until(lambda: shows("s2 (1)>"), "a neighbor")
        self.drop("big.bin")
        person.type("big\r")
        wait_until(lambda: shows("s1 is still writing to it"), "what is waited for")
        wait_until(lambda: shows("saved big.bin to s2/Downloads/big.bin"), "the end", PATIENCE)
        self.assert_same()
