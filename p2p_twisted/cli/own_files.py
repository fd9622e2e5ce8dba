"""``p2p share`` and ``p2p unshare``: what a peer shares of its own."""

import argparse
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from p2p_twisted.cli.answers import say
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient, UnreadableFile
from p2p_twisted.console.text import count, shown_name
from p2p_twisted.library.entries import Place
from p2p_twisted.library.ignoring import Ignored, Ignoring
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words

# What is wrong with one file alone: where a peer has left, or has no space, all others fail, too.
_OF_ONE_ALONE: Final = {Exit.USAGE, Exit.NOT_FOUND, Exit.REFUSED, Exit.CONFLICT}
_FAILURES_SHOWN: Final = 10


def share(client: PeerClient, options: argparse.Namespace) -> int:
    """
    Copy files and folders to what the peer shares; nothing there is replaced.

    :raises CommandFailed: when something that is named is wrong, before anything is copied; or
        nothing can be copied.
    """
    if options.as_name is not None and len(options.paths) > 1:
        raise CommandFailed(Exit.USAGE, "--as is the name of one file or folder")
    directory = Path(client.get("/v1/status")["directory"])
    paths = [checked_path(text, directory) for text in options.paths]
    shared: list[Any] = []
    lines: list[str] = []
    failed: list[CommandFailed] = []
    for path in paths:
        name = options.as_name or path.resolve().name
        # All of them first: what is copied may not be found again.
        uploads = [partial(upload, client, name, *each) for each in files_of(path)]
        done = list(_attempts(uploads, failed))
        of = f" ({count(len(done), 'file')})" if path.is_dir() else ""
        lines += [f"shared {shown_name(name)}{of}"] if done else []
        shared += done
        if failed and not _is_of_one_alone(failed[-1]):
            break
    return told(options, "shared", shared, failed, lines)


def unshare(client: PeerClient, options: argparse.Namespace) -> int:
    """
    Move files and folders of the peer to where they are not shared.

    :raises CommandFailed: when none can be moved.
    """
    failed: list[CommandFailed] = []
    removals = [
        partial(client.ask, "DELETE", f"/v1/shares/{quote(name)}", {}) for name in options.names
    ]
    moved = list(_attempts(removals, failed))
    lines = [f"{shown_name(each['name'])} is in {shown_name(each['path'])} now" for each in moved]
    return told(options, "unshared", moved, failed, lines)


def upload(
    client: PeerClient,
    name: str,
    file: Path,
    below: str,
    watch: Callable[[int], None] = lambda _bytes: None,
) -> Any:
    """
    Share a copy of one file, or of one below a folder that gets a name.

    :param watch: is told how much of it has been read, again and again.
    """
    target = quote(str(PurePosixPath(name, below)))
    try:
        with file.open("rb") as content:
            return client.upload(f"/v1/shares/{target}", content, watch)
    except OSError as error:
        raise UnreadableFile(in_words(error)) from None
    except UnreadableFile as why:
        raise UnreadableFile(f"{file}: {why}") from None


def _attempts(acts: Iterable[Callable[[], Any]], failed: list[CommandFailed]) -> Iterator[Any]:
    """Do several things, and give what became of each; add why some failed to a list."""
    for act in acts:
        try:
            yield act()
        except CommandFailed as why:
            failed.append(why)
            if not _is_of_one_alone(why):
                return


def _is_of_one_alone(why: CommandFailed) -> bool:
    return isinstance(why, UnreadableFile) or why.code in _OF_ONE_ALONE


def told(
    options: argparse.Namespace,
    verb: str,
    done: list[Any],
    failed: list[CommandFailed],
    lines: list[str],
) -> int:
    """Say what was done, and what not; return the exit status."""
    shown = [str(why) for why in failed[:_FAILURES_SHOWN]]
    if more := len(failed) - len(shown):
        shown.append(f"and {more:,} more")
    if failed and not done:
        raise CommandFailed(Exit.of({Exit(why.code) for why in failed}), "\n".join(shown))
    reasons = [{"message": str(why), "exit": why.code} for why in failed]
    say(options, {verb: done, "failed": reasons}, lambda _answer: lines)
    if failed and not options.json:
        sys.stdout.flush()
        sys.stderr.writelines(f"{line}\n" for line in shown)
    return Exit.SOME_FAILED if failed else Exit.DONE


def checked_path(text: str, directory: Path) -> Path:
    """
    Return the path of what can be shared.

    :raises CommandFailed: when it is neither a file nor a folder, or has the peer's own in it.
    """
    path = Path(text)
    try:
        path.stat()
    except OSError as error:
        raise CommandFailed(Exit.DISK, in_words(error)) from None
    if not text or not (path.is_file() or path.is_dir()):
        raise CommandFailed(Exit.USAGE, f"{text!r} is neither a file nor a folder")
    if path.is_dir():
        if directory.resolve().is_relative_to(path.resolve()):
            raise CommandFailed(Exit.USAGE, f"{text} has in it what the peer shares, {directory}")
        if not any(files_of(path)):
            raise CommandFailed(Exit.NOT_FOUND, f"{text} has no file that can be shared")
    return path


def files_of(path: Path) -> Iterator[tuple[Path, str]]:
    """
    List a file, or those of a folder that would be shared, with their paths below it.

    :raises CommandFailed: when an ignore file cannot be read: what it names must not be shared.
    """
    if not path.is_dir():
        yield path, ""
        return
    ignoring = Ignoring(path)
    for folder, folders, names in os.walk(path):
        below = Path(folder).relative_to(path).as_posix().removeprefix(".")
        try:
            ignored = ignoring.in_folder(Place(_normal(below), below)) or Ignored()
        except OSError as error:
            raise CommandFailed(Exit.USAGE, f"{shown_name(folder)}: {error.strerror}") from None
        folders[:] = sorted(each for each in folders if not _is_left_out(each, True, ignored))
        for name in sorted(names):
            file = Path(folder, name)
            if not _is_left_out(name, False, ignored) and not file.is_symlink() and file.is_file():
                yield file, PurePosixPath(below, name).as_posix()


def _is_left_out(name: str, is_folder: bool, ignored: Ignored) -> bool:
    return name.startswith(".") or ignored.names(_normal(name), is_folder)


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)
