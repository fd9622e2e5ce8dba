"""Have a peer share what is to be pushed, if it does not yet."""

import filecmp
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final
from unicodedata import normalize

from p2p_twisted.cli.board_display import BoardDisplay
from p2p_twisted.cli.own_files import checked_path, files_of, upload
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.console.text import human_size, shown_name
from p2p_twisted.library.ignore_file import IGNORE_FILE
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.names import BadName, check_path

_SHOWN_SECONDS: Final = 0.3


def check_is_there(text: str) -> None:
    """
    Check what can only be a path.

    :raises CommandFailed: when nothing is there.
    """
    if text.startswith(("/", "./", "../")) and not Path(text).exists():
        raise CommandFailed(Exit.NOT_FOUND, f"there is no {text}")


def shared_name(client: PeerClient, text: str, copied: list[str]) -> str:
    """
    Return the name of what the peer shares; what it does not share yet is copied to it first.

    :param copied: gets the name if anything was copied, whatever becomes of it then.
    :raises CommandFailed: when it cannot be shared.
    """
    path = Path(text)
    if not path.exists():
        # Perhaps the name or the id of what the peer shares.
        return text
    status = client.get("/v1/status")
    return _name_of(path.resolve(), status) or _copied(
        client, text, Path(status["directory"]), copied
    )


def _name_of(path: Path, status: Mapping[str, Any]) -> str | None:
    """Return as what a path is shared; ``None`` where it is in no directory that is."""
    others = ((each["path"], each["name"].removeprefix("@")) for each in status["shares"])
    # Those in the directory are not shared with it.
    downloads = status["downloads"], None if status["reshared"] is None else ""
    for folder, share in (downloads, (status["directory"], ""), *others):
        top = Path(folder).resolve()
        if path != top and path.is_relative_to(top):
            return None if share is None else str(PurePosixPath(share, path.relative_to(top)))
    return None


def _copied(client: PeerClient, text: str, directory: Path, copied: list[str]) -> str:
    """
    Copy a file or folder to what the peer shares; what is there already stays.

    :raises CommandFailed: when it cannot be copied, or other content is there.
    """
    path = checked_path(text, directory)
    name = path.resolve().name
    files = [*files_of(path)]
    _check_names(path, name, [below for _file, below in files])
    _check_no_more(client, path, directory / name, [below for _file, below in files])
    display = BoardDisplay(sys.stderr)
    for number, (file, below) in enumerate(files, 1):
        of = f" ({number:,} of {len(files):,} files)" if len(files) > 1 else ""
        try:
            upload(client, name, file, below, _copying(display, f"{shown_name(name)}{of}"))
            copied[:] = dict.fromkeys([*copied, name])
        except CommandFailed as failed:
            there = directory / name / below
            if failed.code != Exit.CONFLICT:
                raise
            if not (there.is_file() and filecmp.cmp(file, there, shallow=False)):
                raise CommandFailed(
                    Exit.CONFLICT,
                    f"{there} is shared already, and is not as {file}: change it there and push"
                    f" {directory / name}, or {client.typed(f'unshare {name}')} first",
                ) from None
        finally:
            display.clear()
    return name


def _check_names(path: Path, name: str, named: Iterable[str]) -> None:
    """
    Check that all can be shared under their names, before any of it is copied.

    :param name: by which the whole is shared.
    :param named: what is in it.
    :raises CommandFailed: when some cannot: who pushes a folder means all of it.
    """
    wrong: list[str] = []
    for below in named:
        try:
            check_path(normalize("NFC", str(PurePosixPath(name, below))))
        except BadName as error:
            wrong.append(f"{shown_name(str(path / below))} cannot be shared: {error}")
    if not wrong:
        return
    more = f", nor can {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
    is_folder = path.is_dir()
    cure = (
        f"rename it, or name it in {path / IGNORE_FILE} to go without" if is_folder else "rename it"
    )
    raise CommandFailed(
        Exit.USAGE, f"{wrong[0]}{more}; nothing of {path} is copied or pushed: {cure}"
    )


def _check_no_more(client: PeerClient, path: Path, there: Path, named: Iterable[str]) -> None:
    """
    Check that the peer shares nothing in a folder's place that is not in the folder.

    :param named: what is in the folder.
    :raises CommandFailed: when it does: that would be pushed, too.
    """
    if not (path.is_dir() and there.is_dir()):
        return
    meant = {normalize("NFC", below) for below in named}
    for _file, below in files_of(there):
        if normalize("NFC", below) not in meant:
            raise CommandFailed(
                Exit.CONFLICT,
                f"{there / below} is shared already, and would be pushed, too, but is not in"
                f" {path}: push {there} itself, or {client.typed(f'unshare {there.name}')} first",
            )


def _copying(display: BoardDisplay, what: str) -> Callable[[int], None]:
    """Make what shows how much of a file has been copied, not too often."""
    due = time.monotonic() + _SHOWN_SECONDS

    def watch(copied: int) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + _SHOWN_SECONDS
            display.say(f"sharing {what}: {human_size(copied)}")

    return watch
