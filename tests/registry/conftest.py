"""What the tests of registries start with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from p2p_twisted.runtime.own_folder import OwnFolder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[OwnFolder]:
    """Return an open folder of one's own."""
    folder = OwnFolder(tmp_path / "keys")
    folder.open()
    yield folder
    folder.close()


@pytest.fixture
def folders(tmp_path: Path) -> list[OwnFolder]:
    """Return folders of two registries' keys."""
    folders = [OwnFolder(tmp_path / name) for name in ("first", "second")]
    for folder in folders:
        folder.open()
    return folders
