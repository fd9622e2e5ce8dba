"""Read many small files of a library in one go."""

import os
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Final

from p2p_twisted.library.entries import OnDisk, Signature
from p2p_twisted.runtime.last_folder import LastFolder
from p2p_twisted.wire.limits import CHUNK_BYTES, KIB
from p2p_twisted.wire.source import SourceChanged, read_exactly

_ENOUGH_BYTES: Final = 64 * KIB
# Of files that are not cached, a disk finds about a hundred a second.
_ENOUGH_SECONDS: Final = 0.01


def read_wholes(root: Path, files: Iterable[OnDisk]) -> list[bytes | None]:
    """
    Read the first of some files, one at least, until there are 64 KiB or 10 ms are over; blocks.

    :param root: of the library.
    :param files: in which mostly the next one lies in the folder of the last one.
    :returns: the bytes of each; ``None`` for one that has more than a chunk, cannot be read, or
        is not what was hashed.
    """
    wholes: list[bytes | None] = []
    length, until = 0, monotonic() + _ENOUGH_SECONDS
    with closing(LastFolder(root)) as folder:
        for on_disk in files:
            whole = _whole(folder, on_disk)
            wholes.append(whole)
            length += len(whole or b"")
            if length >= _ENOUGH_BYTES or monotonic() >= until:
                break
    return wholes


def _whole(folder: LastFolder, on_disk: OnDisk) -> bytes | None:
    if on_disk.signature.size > CHUNK_BYTES:
        return None
    try:
        return _read(folder.open_file(on_disk.path), on_disk.signature)
    except (OSError, SourceChanged):
        return None


def _read(fd: int, signature: Signature) -> bytes:
    try:
        whole = read_exactly(fd, 0, signature.size)
        # After reading: a write between an earlier check and the reading would be missed.
        status = os.fstat(fd)
        if not signature.is_of(status) and signature.may_differ(Signature.of(status)):
            raise SourceChanged("it may have been written to")
        return whole
    finally:
        os.close(fd)
