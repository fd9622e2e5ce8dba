"""Tell what the ignore files of a folder, and of those above it, leave out."""

import errno
import os
from pathlib import Path

from attrs import frozen

from p2p_twisted.library.entries import Place
from p2p_twisted.library.ignore_file import IGNORE_FILE, IgnoreRules, TooManyPatterns, read_rules
from p2p_twisted.library.limits import IGNORE_FILE_BYTES
from p2p_twisted.runtime import openat
from p2p_twisted.runtime.os_errors import reason_of
from p2p_twisted.wire.limits import KIB


class RulesUnreadable(OSError):
    """An ignore file cannot be read; the message says why, for people."""


@frozen
class Ignored:
    """
    What ignore files say of the entries of one folder.

    :ivar faults: why lines of the folder's own file are passed over, by a path for people.
    """

    _folder: str = ""
    _rules: tuple[tuple[str, IgnoreRules], ...] = ()
    faults: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Return whether any file may name an entry."""
        return bool(self._rules)

    def names(self, name: str, is_folder: bool) -> bool:
        """Return whether an entry is named: the nearest file that speaks of it decides."""
        path = f"{self._folder}{name}"
        for above, rules in self._rules:
            verdict = rules.verdict(path[len(above) :], is_folder)
            if verdict is not None:
                return verdict
        return False

    def below(self, name: str, rules: IgnoreRules | None) -> "Ignored":
        """Describe a folder in this one, or this library, with what is in its own file."""
        folder = f"{name}/" if name else ""
        if rules is None:
            return Ignored(folder, self._rules)
        faults = [(f"{folder}{IGNORE_FILE}", _fault(rules.bad_lines))] if rules.bad_lines else []
        return Ignored(folder, ((folder, rules), *self._rules), tuple(faults))


class Ignoring:
    """
    Reads the ignore files of a library; what was read holds for as long as this object lives.

    :param root: the library's directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, Ignored | None] = {}

    def in_folder(self, place: Place, fd: int | None = None) -> Ignored | None:
        """
        Return what is said of a folder's entries; ``None`` where it is ignored as a whole.

        :param fd: of the folder, if it is open.
        :raises RulesUnreadable: when an ignore file cannot be: what it names must not be shared.
        """
        if place.path not in self._known:
            self._known[place.path] = self._look(place, fd)
        return self._known[place.path]

    def _look(self, place: Place, fd: int | None) -> Ignored | None:
        above: Ignored | None = Ignored()
        if place.path:
            folder, _, name = place.name.rpartition("/")
            above = self.in_folder(Place(folder, place.path.rpartition("/")[0]))
            if above is not None and above.names(name, True):
                return None
        if above is None:
            return None
        return above.below(place.name, self._read(place.path, fd))

    def _read(self, folder: str, fd: int | None) -> IgnoreRules | None:
        try:
            if fd is not None:
                return _rules_in(fd)
            with openat.opened_folder(self._root, folder) as folder_fd:
                return _rules_in(folder_fd)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except TooManyPatterns as error:
            raise RulesUnreadable(errno.EPERM, f"{IGNORE_FILE}: {error}") from None
        except OSError as error:
            why = f"{IGNORE_FILE}: {reason_of(error)}"
            raise RulesUnreadable(error.errno or errno.EPERM, why) from None


def _rules_in(folder_fd: int) -> IgnoreRules:
    with os.fdopen(openat.open_file_in(folder_fd, IGNORE_FILE), "rb") as file:
        content = file.read(IGNORE_FILE_BYTES + 1)
    if len(content) > IGNORE_FILE_BYTES:
        raise TooManyPatterns(f"it has more than {IGNORE_FILE_BYTES // KIB} KiB")
    return read_rules(content)


def _fault(lines: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, lines[:10])) + (" and more" if len(lines) > 10 else "")
    many = len(lines) > 1
    return f"line{'s' * many} {shown} cannot be read, and {'are' if many else 'is'} passed over"
