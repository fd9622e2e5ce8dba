"""Put what a running peer has downloaded where the person wants it."""

import errno
import filecmp
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.console.text import shown_name
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words

_NAMES_TRIED: Final = 10_000


def check_folder(text: str) -> Path:
    """
    Read where downloads are to go.

    :raises CommandFailed: when there is no such folder.
    """
    folder = Path(text)
    if not folder.is_dir():
        what = "is not a directory" if folder.exists() else "does not exist: make it first"
        raise CommandFailed(Exit.USAGE, f"--to: {text} {what}")
    return folder.absolute()


def deliver(client: PeerClient, end: dict[str, Any], to: str) -> list[str]:
    """
    Copy what was downloaded into a folder; nothing that is there is replaced.

    :returns: lines about what was done.
    :raises CommandFailed: when it cannot be written.
    """
    from p2p_twisted.cli import show

    lines = [show.download_line(each) for each in end["downloads"] if each["state"] != "saved"]
    for source in _sources(client, end):
        try:
            lines.append(f"{shown_name(source.name)} saved to {_copy(source, Path(to))}")
        except OSError as error:
            raise CommandFailed(Exit.DISK, in_words(error)) from None
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
    if end["here"]:
        status = client.get("/v1/status")
        downloads, directory = Path(status["downloads"]), Path(status["directory"])
        own = [hit["name"] for hit in client.get("/v1/files")["hits"]]
        for name in end["here"]:
            here = os.listdir(downloads) if downloads.is_dir() else ()
            yield _best(name, downloads, here) or _own(name, directory, own)


def _own(name: str, directory: Path, shared: Iterable[str]) -> Path:
    """Find what the peer says it has already among what it shares."""
    if (path := _best(name, directory, shared)) is not None:
        return path
    where = shown_name(str(directory))
    raise CommandFailed(Exit.CONFLICT, f"{shown_name(name)} is there already, below {where}")


def _best(name: str, folder: Path, paths: Iterable[str]) -> Path | None:
    """Return the path that fits a typed name best; or the only one that it begins."""
    from p2p_twisted.library.matching import rank

    ranked = {path: place for path in paths if (place := rank(path, name)) is not None}
    if ranked:
        return folder / min(ranked, key=lambda path: (ranked[path], path))
    begun = [path for path in paths if Path(path).stem == Path(name).name]
    return folder / begun[0] if len(begun) == 1 else None


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
