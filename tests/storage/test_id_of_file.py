"""Ids of files that are there."""

import os
from itertools import count
from pathlib import Path

from p2p_twisted.storage.id_of_file import id_of_file
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire.chunks import content_id

_MIB = 1 << 20
_CONTENT = bytes(range(256)) * (4 * _MIB // 256)


def test_whole(tmp_path: Path) -> None:
    """It is that of the content; of another size, or nothing, there is none."""
    (tmp_path / "f1").write_bytes(_CONTENT)
    folder_fd = os.open(tmp_path, os.O_RDONLY)
    try:
        assert id_of_file(folder_fd, "f1", len(_CONTENT), lambda: True) == content_id(_CONTENT)
        assert id_of_file(folder_fd, "f1", len(_CONTENT) + 1, lambda: True) is None
    finally:
        os.close(folder_fd)


def test_not_wanted_any_more(tmp_path: Path) -> None:
    """No more of an immense file is read than that."""
    (tmp_path / "f1").write_bytes(_CONTENT)
    asked = count()
    same = Inbox(str(tmp_path)).find_same(
        "f1", content_id(_CONTENT), len(_CONTENT), lambda: next(asked) < 2
    )
    assert (same, next(asked)) == (None, 3)
