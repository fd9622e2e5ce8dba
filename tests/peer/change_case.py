"""Peers whose files change, for tests."""

import os

from p2p_twisted.download.progress import Progress, Saved
from p2p_twisted.testing.daemons import VirtualDaemons
from tests.peer.cases import PeerTestCase


class ChangeCase(PeerTestCase):
    def shared(self, **files: bytes) -> VirtualDaemons:
        """Let s1 share files, by their names without the ending .txt; s2 wants them."""
        daemons = self.daemons()
        daemons.start("s1", {f"{name}.txt": content for name, content in files.items()})
        daemons.start("s2")
        daemons.run(5.0)
        return daemons

    def change(self, daemons: VirtualDaemons, name: str, path: str, content: bytes) -> None:
        """Change a file of a peer, and wait until it is shared anew."""
        self.write(daemons, name, path, content)
        daemons.run(15.0)

    def write(self, daemons: VirtualDaemons, name: str, path: str, content: bytes) -> None:
        """Write a file of a peer, now."""
        target = daemons.folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        os.utime(target, (daemons.wall(), daemons.wall()))

    def saved(self, progress: Progress) -> Saved:
        assert isinstance(progress.state, Saved), progress
        return progress.state
