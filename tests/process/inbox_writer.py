"""
Save one file after the other, as downloads are: ``python inbox_writer.py FOLDER FIRST``.

It does what a peer does with its disk, and nothing else, until it is killed.
"""

import random
import sys
from itertools import count
from pathlib import Path

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.storage.content import Content
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.journal import Journal, JournalEntry
from p2p_twisted.wire.chunks import chunk_digest, content_id, split_chunks
from p2p_twisted.wire.limits import CHUNK_BYTES


def content_of(number: int) -> bytes:
    """Make the content of a file, which its name tells."""
    rng = random.Random(number)
    return rng.randbytes(rng.choice((100, 70_000, CHUNK_BYTES, 2 * CHUNK_BYTES + 3)))


def name_of(number: int) -> str:
    """Name a file."""
    return f"folder {number % 3}/{number}.bin"


def save(inbox: Inbox, wants: Journal, number: int) -> None:
    """Save a file, as a download does."""
    whole = content_of(number)
    digests = b"".join(map(chunk_digest, split_chunks(whole)))
    content = Content(content_id(whole), len(whole), digests)
    wants.record(
        JournalEntry(content.file_id, name_of(number), content.size, target=name_of(number))
    )
    wants.record_digests(content)
    part = inbox.open_part(name_of(number), content)
    for index, chunk in enumerate(split_chunks(whole)):
        part.write(index, memoryview(chunk))
    part.publish()
    part.close()


def main(folder: Path, first: int) -> None:
    """Save files, the first of this number, and print each number once it is safe."""
    inbox, wants = Inbox(str(folder / "Downloads")), Journal(OwnFolder(folder / "wants"))
    for number in count(first):
        save(inbox, wants, number)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        file = content_id(content_of(number))
        wants.remove(file)
        wants.remove_digests(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
