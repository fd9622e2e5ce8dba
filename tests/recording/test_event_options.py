"""The options that have a daemon recorded."""

from pathlib import Path

import pytest
from twisted.python.usage import UsageError

from p2p_twisted import p2pmeta, p2ppeer
from p2p_twisted.recording.limits import RECORDING_BYTES
from p2p_twisted.wire.limits import MIB


def parsed(path: Path, *more: str) -> p2ppeer.Options:
    """Parse the options of a peer."""
    options = p2ppeer.Options()
    directory = path / "shared"
    directory.mkdir(exist_ok=True)
    options.parseOptions(["--name=s1", f"--directory={directory}", *more])
    return options


def test_not_shared(tmp_path: Path) -> None:
    """Neither the recording nor the one before it is shared, wherever it lies."""
    path = tmp_path / "shared" / "what happens"
    options = parsed(tmp_path, f"--events={path}")
    assert options["events-size"] == RECORDING_BYTES
    assert set(options.own_files()) == {path, path.with_name("what happens.1")}
    assert parsed(tmp_path).own_files() == ()


@pytest.mark.parametrize(("said", "size"), [("2G", 2048 * MIB), ("5m", 5 * MIB)])
def test_size(tmp_path: Path, said: str, size: int) -> None:
    """As much as is said."""
    assert parsed(tmp_path, f"--events-size={said}")["events-size"] == size


@pytest.mark.parametrize("said", ["0", "off", "1M", "much"])
def test_bad_size(tmp_path: Path, said: str) -> None:
    """Too little, or what is no size, is refused; there is no recording without end."""
    with pytest.raises(UsageError, match="--events-size takes a size such as 100M"):
        parsed(tmp_path, f"--events-size={said}")


def test_bad_file(tmp_path: Path) -> None:
    """A file that is something else is refused at once, by a registry, too."""
    (tmp_path / "notes").write_text("mine\n")
    for options in (p2ppeer.Options(), p2pmeta.Options()):
        name = ["--name=s1"] if "name" in options else []
        with pytest.raises(UsageError, match="is no recording: name another file"):
            options.parseOptions([*name, f"--events={tmp_path / 'notes'}"])
