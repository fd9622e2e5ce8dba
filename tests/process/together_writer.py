"""
Save many small files at a time, as downloads of folders are: ``python together_writer.py FOLDER
FIRST``.

It does what a peer does with its disk, and nothing else, until it is killed.
"""

import random
import sys
from itertools import count
from pathlib import Path

from p2p_twisted.runtime.flush import flush_all
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.together import Named, SmallFile, name_together
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.manifest import Member

AT_ONCE = 64


def content_of(number: int) -> bytes:
    """Make the content of a file, which its name tells."""
    rng = random.Random(number)
    return rng.randbytes(rng.choice((0, 100, 5_000, 70_000)))


def name_of(number: int) -> str:
    """Name a file."""
    return f"folder {number // 100}/{number}.bin"


def whole_of(number: int) -> SmallFile:
    """Make a file that has come."""
    text = content_of(number)
    content = WholeContent(content_id(text), text)
    return SmallFile(Member(content.file_id, len(text), name_of(number)), content)


def main(folder: Path, first: int) -> None:
    """Save files, the first of this number, and print the numbers of those that are safe."""
    inbox = Inbox(str(folder / "Downloads"), flush_all=flush_all)
    earlier = Named()
    for start in count(first, AT_ONCE):
        wholes = [whole_of(number) for number in range(start, start + AT_ONCE)]
        named = name_together(inbox, wholes, earlier)
        assert named is not None
        assert len(named.files) == len(wholes)
        sys.stdout.write("".join(f"{Path(whole.name).stem}\n" for whole in earlier.files))
        sys.stdout.flush()
        earlier.close()
        earlier = named


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
