"""Download what a command names, and show how it ends."""

import enum
from collections.abc import Callable, Iterable, Sequence

from p2p_twisted.console.download_lines import (
    download_line,
    earlier_line,
    selection_end,
    selection_lines,
    unreachable_holders,
    unreachable_line,
)
from p2p_twisted.console.exits import Exits
from p2p_twisted.console.text import shown_name
from p2p_twisted.download.progress import Checking, Paused, Progress, State
from p2p_twisted.peer.interface import IPeer, Selection, Watch
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName

Say = Callable[[Iterable[str]], None]
"""Shows lines to the person."""


class Outcome(enum.Enum):
    """How a command ended."""

    OK = enum.auto()
    FAILED = enum.auto()
    GONE = enum.auto()
    """It succeeded, and the peer has left the network."""


def _is_interrupted(ended: Sequence[Progress]) -> bool:
    """Return whether the peer leaves in the middle of downloads; that is said already."""
    return not all(each.is_resting for each in ended)


def _result(ended: Sequence[Progress]) -> list[str]:
    return [download_line(each) for each in ended if each.is_resting]


class Downloading:
    """
    Runs downloads to their ends.

    :param say: shows lines.
    :param watch: is called with the progress of each of them.
    :param exits: is told how commands have failed.
    """

    def __init__(self, peer: IPeer, say: Say, watch: Watch, exits: Exits) -> None:
        self._peer = peer
        self._exits = exits
        self._say = say
        self._watch = watch
        # Those whose ends commands show, and what was said last of those of earlier runs.
        self._commanded: set[int] = set()
        self._said: dict[int, type[State] | None] = {}
        self._warned: set[int] = set()

    def follow_earlier(self) -> None:
        """Show what earlier runs have left: that it goes on or rests, its progress, and its end."""
        self._peer.watch_earlier(self._watch_earlier)

    def tells(self, number: int) -> bool:
        """Return whether a person is told here what becomes of a download."""
        return number in self._commanded or number in self._said

    async def get(self, wanted: str | Hit, holder: PeerName | None) -> Outcome:
        """
        Download one file or folder.

        :raises PeerError: when there is none to download.
        """
        watch, told = self._watch_from_now_on()
        progress = await self._peer.get(wanted, watch, holder)
        self._say(_result([progress]))
        told.add(progress.number)
        return self._outcome(progress.exit)

    async def select(self, words: Sequence[str | Hit], holder: PeerName | None) -> Selection:
        """
        Find what several names, patterns and hits mean.

        :raises PeerError: when there is no network.
        """
        return await self._peer.select(words, holder)

    async def get_selected(self, selection: Selection) -> Outcome:
        """
        Download several files and folders.

        :raises PeerError: when they are too many.
        """
        self._say(selection_lines(selection))
        watch, told = self._watch_from_now_on()
        ended = await self._peer.get_selected(selection, watch)
        self._say(_result(ended))
        if not _is_interrupted(ended):
            self._say(selection_end(selection, ended))
        told.update(progress.number for progress in ended)
        return self._outcome(selection.exit(each.exit for each in ended))

    def _outcome(self, exit_: Exit) -> Outcome:
        if exit_ is Exit.DONE:
            return Outcome.OK
        self._exits.add(exit_)
        return Outcome.FAILED

    def _watch_from_now_on(self) -> tuple[Watch, set[int]]:
        """
        Make a callback that also shows what keeps a download from going on, and how it ends
        after its command has ended.

        :returns: the callback, and a set; add the numbers of downloads when their command ends.
        """
        told: set[int] = set()

        def watch(progress: Progress) -> None:
            self._commanded.add(progress.number)
            self._watch(progress)
            self._warn(progress)
            # A download that waits for a holder may end long after its command.
            if progress.number in told and progress.is_ended:
                self._say([download_line(progress)])

        return watch, told

    def _watch_earlier(self, progress: Progress) -> None:
        """Show what becomes of a download that no command of this run has begun."""
        number, state = progress.number, progress.state
        self._said.setdefault(number, None)
        if number in self._commanded or isinstance(state, Checking):
            # How much is there is not known yet.
            self._watch(progress)
            return
        before, self._said[number] = self._said[number], type(state)
        if before is None and (isinstance(state, Paused) or not progress.is_resting):
            self._say([earlier_line(progress)])
        elif progress.is_resting and type(state) not in (before, Paused):
            self._say([download_line(progress)])
        self._watch(progress)
        self._warn(progress)

    def _warn(self, progress: Progress) -> None:
        """Say once that the holders of something cannot be reached."""
        if not unreachable_holders(progress) or progress.number in self._warned:
            return
        line = unreachable_line(progress, self._peer.status().address)
        if line is not None:
            self._warned.add(progress.number)
            self._say([f"{shown_name(progress.name)}: {line}"])
