"""Put what a running peer has downloaded where the person wants it."""

import errno
import filecmp
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.console.text import shown_name
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words, why_no_directory

_NAMES_TRIED: Final = 10_000


def check_folder(text: str) -> Path:
    """
    Read where downloads are to go.

    :raises CommandFailed: when there is no such folder, or nothing may be written to it.
    """
    folder = Path(text)
    what = why_no_directory(folder)
    if what is not None:
        raise CommandFailed(Exit.USAGE, f"--to: {text} {what}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandFailed(
            Exit.DISK, f"{folder.absolute()} may not be written to: choose another one, as --to DIR"
        )
    return folder.absolute()


def deliver(client: PeerClient, end: dict[str, Any], to: str) -> list[str]:
    """
    Copy what was downloaded into a folder; nothing that is there is replaced.

    :returns: lines about what was done.
    :raises CommandFailed: when it cannot be written.
    """
    from p2p_twisted.cli import show

    lines = [show.download_line(each) for each in end["downloads"] if each["state"] != "saved"]
    left_out = {each["path"]: show.left_out(each) for each in end["downloads"]}
    for source in _sources(client, end):
        try:
            target = _copy(source, Path(to))
            lines.append(
                f"{shown_name(source.name)} saved to {target}{left_out.get(str(source), '')}"
            )
        except OSError as error:
            # Not with the name of a file that is only on its way.
            why = in_words(OSError(error.errno, error.strerror) if error.errno else error)
            raise CommandFailed(
                Exit.DISK, f"cannot copy {source} to {to}: {why}; the peer keeps it"
            ) from None
    return lines


def to_stdout(client: PeerClient, end: dict[str, Any], _to: str) -> list[str]:
    """
    Write what was downloaded to standard output.

    :returns: no line: nothing else is to be there.
    :raises CommandFailed: when it is no file, or cannot be read.
    """
    from p2p_twisted.cli import show

    for each in end["downloads"]:
        if each["state"] != "saved":
            sys.stderr.write(f"{show.download_line(each)}\n")
    for source in _sources(client, end):
        if source.is_dir():
            raise CommandFailed(Exit.USAGE, f"{shown_name(source.name)} is a folder: say --to DIR")
        try:
            with source.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CommandFailed(Exit.DISK, in_words(error)) from None
    return []


def _sources(client: PeerClient, end: dict[str, Any]) -> Iterator[Path]:
    yield from (Path(each["path"]) for each in end["downloads"] if each["state"] == "saved")
    for each in end["here"]:
        if isinstance(each, str):
            # A name may be that of other content here: it is not looked for by it.
            raise CommandFailed(
                Exit.CONFLICT,
                f"{shown_name(each)} is there already, but {client.name} is of an older version,"
                " which does not tell where: start it again",
            )
        yield Path(each["path"])


def _copy(source: Path, folder: Path) -> Path:
    """Copy a file or folder under the first name that is free; return where it is."""
    for number in range(_NAMES_TRIED):
        target = folder / (f"{source.stem} ({number}){source.suffix}" if number else source.name)
        if target.is_file() and source.is_file() and filecmp.cmp(source, target, shallow=False):
            return target
        try:
            if source.is_dir():
                target.mkdir()
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                _copy_file(source, target)
        except FileExistsError:
            continue
        return target
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder / source.name))


def _copy_file(source: Path, target: Path) -> None:
    """
    Copy a file, which has its name only once it is complete.

    :raises FileExistsError: when something has that name.
    """
    if os.path.lexists(target):
        raise FileExistsError
    fd, part = tempfile.mkstemp(prefix=".p2p-", suffix=".part", dir=target.parent)
    try:
        with open(fd, "wb") as written, source.open("rb") as read:
            shutil.copyfileobj(read, written)
            written.flush()
            os.fsync(fd)
        shutil.copystat(source, part)
        os.link(part, target)
    finally:
        os.unlink(part)
