"""Show and control the transfers of a peer."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import attrs

from p2p_twisted.bandwidth.rates import BadRate, read_rate
from p2p_twisted.console import commands
from p2p_twisted.console.download_lines import download_line, transfers_lines
from p2p_twisted.console.downloading import Outcome, Say
from p2p_twisted.console.rendering import limits_line
from p2p_twisted.console.text import shown_name
from p2p_twisted.download.progress import Progress
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer.peer_errors import PeerError

N = TypeVar("N")


class TransferControl:
    """
    Executes the commands on transfers that run.

    :param say: shows lines.
    :param width: tells how many cells a line may have; ``None`` for no limit.
    """

    def __init__(self, peer: IPeer, say: Say, width: Callable[[], int | None]) -> None:
        self._peer = peer
        self._say = say
        self._width = width

    async def list_transfers(self, _command: commands.ListTransfers) -> Outcome:
        """List downloads and uploads."""
        peer, width = self._peer, self._width()
        self._say(transfers_lines(peer.status(), peer.transfers(), peer.uploads(), width))
        return Outcome.OK

    async def cancel(self, command: commands.Cancel) -> Outcome:
        """Cancel downloads."""
        numbers = command.numbers
        if numbers is None:
            numbers = tuple(each.number for each in self._peer.transfers() if not each.is_ended)
        canceled, error = _each(lambda number: (self._peer.cancel(number),), numbers)
        lines = [download_line(each) for each in canceled]
        return self._tell(lines, "nothing to cancel", error)

    async def pause(self, command: commands.Pause) -> Outcome:
        """Pause downloads."""
        paused, error = _each(self._peer.pause, command.numbers or (None,))
        lines = [f"pausing {shown_name(each.name)}" for each in paused]
        return self._tell(lines, "nothing to pause", error)

    async def resume(self, command: commands.Resume) -> Outcome:
        """Go on with downloads."""
        resumed, error = _each(self._peer.resume, command.numbers or (None,))
        lines = [f"going on with {shown_name(each.name)}" for each in resumed]
        return self._tell(lines, "nothing is paused", error)

    def _tell(self, lines: Sequence[str], nothing: str, error: PeerError | None) -> Outcome:
        """
        Show what has been done.

        :raises PeerError: afterwards, where some of it could not be done.
        """
        if lines or error is None:
            self._say(lines or [nothing])
        if error is not None:
            raise error
        return Outcome.OK

    async def show_limits(self, _command: commands.ShowLimits) -> Outcome:
        """Show the limits on what is sent and received."""
        self._say([limits_line(self._peer.status().rates)])
        return Outcome.OK

    async def limit(self, command: commands.Limit) -> Outcome:
        """
        Change such a limit.

        :raises PeerError: when the rate is none, or too low.
        """
        try:
            rate = read_rate(command.rate)
        except BadRate as error:
            raise PeerError(str(error)) from None
        self._peer.limit(attrs.evolve(self._peer.status().rates, **{command.direction: rate}))
        return await self.show_limits(commands.ShowLimits())


def _each(
    act: Callable[[N], Sequence[Progress]], numbers: Sequence[N]
) -> tuple[list[Progress], PeerError | None]:
    """
    Act on each download by its number.

    :returns: those that it worked for, and the first error of the others.
    """
    done: list[Progress] = []
    first: PeerError | None = None
    for number in numbers:
        try:
            done += act(number)
        except PeerError as error:
            first = first or error
    return done, first
