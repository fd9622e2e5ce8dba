"""What is still being copied into a share is asked for from another peer, by real daemons."""

import threading
from itertools import count

from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.networks import Network, Peer, for_class
from tests.process.person import Person

_PIECE = bytes(range(256)) * 1_024
_PIECE_SECONDS = 0.05


class DroppedTests(SynchronousTestCase):
    """A file whose copying ends only after it was asked for."""

    network: Network
    holder: Peer

    @classmethod
    def setUpClass(cls) -> None:
        cls.network = Network(for_class(cls))
        cls.network.start_registry()
        [cls.holder] = cls.network.start_peers("s1")

    def drop(self, name: str) -> threading.Event:
        """Have a thread copy a file into the share of s1 until told that this is enough."""
        is_enough = threading.Event()

        def copy() -> None:
            with (self.network.directory / "s1" / name).open("wb") as file:
                for number in count():
                    file.write(number.to_bytes(4, "big") + _PIECE)
                    file.flush()
                    if is_enough.wait(_PIECE_SECONDS):
                        break

        copying = threading.Thread(target=copy)
        copying.start()
        self.addCleanup(copying.join)
        self.addCleanup(is_enough.set)
        # Where there are no more watches, this takes seconds.
        wait_until(lambda: name in self.holder.answer(f"find {name}", ".*asked "), "the holder")
        return is_enough

    def assert_same(self, peer: str, name: str) -> None:
        content = self.network.read(f"{peer}/Downloads/{name}")
        self.assertEqual(content, self.network.read(f"s1/{name}"))
        self.assertGreater(len(content), len(_PIECE))

    def test_script(self) -> None:
        """A script types one line, and gets its result: the whole file is saved."""
        [s2] = self.network.start_peers("s2")
        s2.wait_for_topology("s1", "s2")
        is_enough = self.drop("big.bin")
        s2.answer("big", ".*s1 is still writing to it")
        is_enough.set()
        s2.wait_for_log("saved big.bin to s2/Downloads/big.bin ")
        self.assertNotIn("try again", s2.log)
        self.assert_same("s2", "big.bin")

    def test_terminal(self) -> None:
        """So does a person, who sees what is waited for."""
        command = (script("twistd"), "-n", *self.network.command("s3"))
        person = Person(*command, cwd=self.network.directory)
        self.addCleanup(person.end)

        def shows(text: str) -> bool:
            return any(text in line for line in person.lines())

        wait_until(lambda: shows("s3 (1)>") or shows("s3 (2)>"), "a neighbor")
        is_enough = self.drop("large.bin")
        person.type("large\r")
        wait_until(lambda: shows("s1 is still writing to it"), "what is waited for")
        is_enough.set()
        wait_until(lambda: shows("saved large.bin to s3/Downloads/large.bin"), "the end", PATIENCE)
        self.assert_same("s3", "large.bin")
