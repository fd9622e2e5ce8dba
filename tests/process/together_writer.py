"""
Save many small files at a time, as downloads of folders are: ``python together_writer.py FOLDER
FIRST``.

It does what a peer does with its disk, in two threads, and nothing else, until it is killed.
"""

import random
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Thread

from p2p_twisted.runtime.flush import flush_all
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.storage.small_file_saver import SmallFileSaver
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.names import FileId

AT_ONCE = 64


def content_of(number: int) -> bytes:
    """Make the content of a file, which no other has."""
    rng = random.Random(number)
    return b"%d" % number + rng.randbytes(rng.choice((0, 100, 5_000, 70_000)))


def name_of(number: int) -> str:
    """Name a file."""
    return f"folder {number // 100}/{number}.bin"


class Arriving:
    """
    Files that never end.

    :ivar targets: what those that have come are to become.
    """

    def __init__(self, first: int) -> None:
        self.targets: dict[FileId, tuple[Member, ...]] = {}
        self._starts: Iterator[int] = count(first, AT_ONCE)

    def some(self) -> list[WholeContent]:
        """Make the next ones."""
        start = next(self._starts)
        contents = []
        for number in range(start, start + AT_ONCE):
            text = content_of(number)
            content = WholeContent(content_id(text), text)
            self.targets[content.file_id] = (Member(content.file_id, len(text), name_of(number)),)
            contents.append(content)
        return contents

    def number(self, file_id: FileId) -> str:
        """Return the number that the name of a file tells."""
        (member,) = self.targets[file_id]
        return Path(member.path).stem


def save(saver: SmallFileSaver, arriving: Arriving) -> None:
    """Save files, and print the numbers of those that are safe."""
    while True:
        safe = saver.save(arriving.some(), lambda: True)
        sys.stdout.write("".join(f"{arriving.number(file_id)}\n" for file_id in safe))
        sys.stdout.flush()


def main(folder: Path, first: int) -> None:
    """Save files, the first of this number, in as many threads as a peer does."""
    arriving = Arriving(first)
    inbox = Inbox(str(folder / "Downloads"), flush_all=flush_all)
    record = PublishedRecord(OwnFolder(folder / "record"), "record")
    saver = SmallFileSaver(inbox, record, arriving.targets)
    for _ in range(2):
        Thread(target=save, args=(saver, arriving)).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
