"""``p2p share`` and ``p2p unshare``: what a peer shares of its own."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from p2p_twisted.cli.answers import say
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.console.text import shown_name
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words


def share(client: PeerClient, options: argparse.Namespace) -> int:
    """Copy files and folders to what the peer shares; nothing there is replaced."""
    if options.as_name is not None and len(options.paths) > 1:
        raise CommandFailed(Exit.USAGE, "--as is the name of one file or folder")
    shared = []
    directory = Path(client.get("/v1/status")["directory"])
    for text in options.paths:
        path = _checked(text, directory)
        name = options.as_name or path.resolve().name
        # All of them first: what is copied may not be found again.
        for file, below in list(_files(path)):
            try:
                with file.open("rb") as content:
                    target = quote(str(PurePosixPath(name, below)))
                    shared.append(client.upload(f"/v1/shares/{target}", content))
            except OSError as error:
                raise CommandFailed(Exit.DISK, in_words(error)) from None
    lines = [f"shared {shown_name(each['name'])}" for each in shared]
    return say(options, {"shared": shared}, lambda _answer: lines)


def unshare(client: PeerClient, options: argparse.Namespace) -> int:
    """Move files and folders of the peer to where they are not shared."""
    moved = [client.ask("DELETE", f"/v1/shares/{quote(name)}", {}) for name in options.names]
    lines = [f"{shown_name(each['name'])} is in {shown_name(each['path'])} now" for each in moved]
    return say(options, {"unshared": moved}, lambda _answer: lines)


def _checked(text: str, directory: Path) -> Path:
    """
    Return the path of what can be shared.

    :raises CommandFailed: when it is neither a file nor a folder, or has the peer's own in it.
    """
    path = Path(text)
    if not text or (path.exists() and not (path.is_file() or path.is_dir())):
        raise CommandFailed(Exit.USAGE, f"{text!r} is neither a file nor a folder")
    if path.is_dir():
        if directory.resolve().is_relative_to(path.resolve()):
            raise CommandFailed(Exit.USAGE, f"{text} has in it what the peer shares, {directory}")
        if not any(_files(path)):
            raise CommandFailed(Exit.NOT_FOUND, f"{text} has no file that can be shared")
    return path


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """List a file, or those of a folder that would be shared, with their paths below it."""
    if not path.is_dir():
        yield path, ""
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if not name.startswith(".") and not file.is_symlink() and file.is_file():
                yield file, file.relative_to(path).as_posix()
