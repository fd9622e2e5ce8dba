"""Show and control the transfers of a peer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from p2p_twisted.bandwidth.rates import BadRate, read_rate
from p2p_twisted.console import commands
from p2p_twisted.console.download_lines import download_line, transfers_lines
from p2p_twisted.console.downloading import Outcome, Say
from p2p_twisted.console.explanation_lines import explanation_lines
from p2p_twisted.console.rendering import limits_line
from p2p_twisted.console.text import none_of, shown_name
from p2p_twisted.download.progress import Progress
from p2p_twisted.explain.explanation import Explanation
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer_errors import PeerError, Unknown

N = TypeVar("N", int, int | None)


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

    async def explain(self, command: commands.Explain) -> Outcome:
        """Say what limits a download, or how a question was answered."""
        explanation = self._peer.explain(command.what)
        self._say(explanation_lines(as_told(explanation), self._width()))
        return Outcome.OK

    async def cancel(self, command: commands.Cancel) -> Outcome:
        """Cancel downloads."""
        numbers = command.numbers
        if numbers is None:
            numbers = tuple(each.number for each in self._peer.transfers() if not each.is_ended)
        canceled, unknown = _each(lambda number: (self._peer.cancel(number),), numbers)
        lines = [download_line(each) for each in canceled]
        return self._tell(lines, "nothing to cancel", unknown)

    async def pause(self, command: commands.Pause) -> Outcome:
        """Pause downloads."""
        paused, unknown = _each(self._peer.pause, command.numbers or (None,))
        lines = [f"pausing {shown_name(each.name)}" for each in paused]
        return self._tell(lines, "nothing to pause", unknown)

    async def resume(self, command: commands.Resume) -> Outcome:
        """Go on with downloads."""
        resumed, unknown = _each(self._peer.resume, command.numbers or (None,))
        lines = [f"going on with {shown_name(each.name)}" for each in resumed]
        return self._tell(lines, "nothing is paused", unknown)

    def _tell(self, lines: Sequence[str], nothing: str, unknown: Unknown | None) -> Outcome:
        """
        Show what has been done, and for which numbers there was nothing to do.

        :raises Unknown: where nothing has been done, as no number was that of such a download.
        """
        if unknown is None:
            self._say(lines or [nothing])
        elif lines:
            self._say([*lines, str(unknown)])
        else:
            raise unknown
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
) -> tuple[list[Progress], Unknown | None]:
    """
    Act on each download by its number.

    :returns: those that it worked for, and an error that names the other numbers, if there are any.
    """
    done: list[Progress] = []
    unknown: list[tuple[N, Unknown]] = []
    for number in numbers:
        try:
            done += act(number)
        except Unknown as error:
            unknown.append((number, error))
    if not unknown:
        return done, None
    others = [number for number, _error in unknown[1:] if number is not None]
    return done, Unknown(none_of(str(unknown[0][1]), others))


def as_told(explanation: Explanation) -> Mapping[str, Any]:
    """Give an explanation the form that the API gives it."""
    explained = attrs.asdict(explanation)
    for holder, of in zip(explained["holders"], explanation.holders, strict=True):
        holder["rate"] = of.rate
    return explained
