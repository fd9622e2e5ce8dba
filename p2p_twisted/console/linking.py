"""Execute the commands by which a file is given to somebody who has no peer."""

from collections.abc import Callable

from p2p_twisted.console import commands
from p2p_twisted.console.downloading import Outcome, Say
from p2p_twisted.console.link_lines import link_lines
from p2p_twisted.console.qr_lines import qr_lines
from p2p_twisted.peer.links_interface import ILinks
from p2p_twisted.peer.qr_code import qr_rows
from p2p_twisted.wire.messages import Hit


class Linking:
    """
    Makes links to files, lists and ends them.

    :param say: shows lines.
    :param width: tells how many cells a line may have; ``None`` for no limit.
    """

    def __init__(self, links: ILinks, say: Say, width: Callable[[], int | None]) -> None:
        self._links = links
        self._say = say
        self._width = width

    async def link(self, command: commands.MakeLink, chosen: Hit | None) -> Outcome:
        """
        Make a link, and show it: whoever reads it gets the file.

        :param chosen: the file, where its number was typed.
        """
        wanted = str(command.what) if chosen is None else chosen
        url = (await self._links.make(wanted, command.seconds)).url
        self._say([url, *(qr_lines(qr_rows(url), self._width()) if command.is_drawn else ())])
        return Outcome.OK

    async def list_links(self, _command: commands.ListLinks) -> Outcome:
        """List the links that are open."""
        self._say(link_lines(self._links.all(), self._width()))
        return Outcome.OK

    async def end_links(self, command: commands.EndLinks) -> Outcome:
        """End links."""
        for number in command.numbers:
            self._links.remove(number)
            self._say([f"link {number} leads nowhere any more"])
        return Outcome.OK
