"""Execute commands on a peer, and show the results."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from twisted.logger import Logger

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.console import commands
from p2p_twisted.console.administration import Administration, Ask
from p2p_twisted.console.arguments import number_hint, option_hint
from p2p_twisted.console.commands import Command
from p2p_twisted.console.completion import Vocabulary
from p2p_twisted.console.downloading import Downloading, Outcome, Say
from p2p_twisted.console.exits import Exits
from p2p_twisted.console.last_list import LastList
from p2p_twisted.console.leaving import before_stop, left_undone
from p2p_twisted.console.linking import Linking
from p2p_twisted.console.parsing import find_entry
from p2p_twisted.console.pushing import Pushing
from p2p_twisted.console.rendering import (
    choice_lines,
    command_lines,
    found_lines,
    help_lines,
    limits_line,
    outside_line,
    peers_lines,
    status_lines,
    topology_lines,
)
from p2p_twisted.console.spelling import suggest
from p2p_twisted.console.text import FailureLine
from p2p_twisted.console.transfers import TransferControl
from p2p_twisted.library.matching import natural_order
from p2p_twisted.offers.numbered_offers import all_offers
from p2p_twisted.peer.interface import IPeer, Topology, Watch
from p2p_twisted.peer.links_interface import ILinks
from p2p_twisted.peer_errors import AlreadyHere, Ambiguous, NotFound, PeerError
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.names import PeerName

_PEERS_REMEMBERED: Final = 1_000


class Conversation:
    """
    Executes the commands of one person or script on a peer.

    :param say: shows lines.
    :param watch: is called with the progress of the downloads that these commands start.
    :param width: tells how many cells a line may have; ``None`` for no limit.
    :param ask: asks a person a question; ``None`` where there is nobody to ask.
    :ivar exits: how commands have failed, for scripts.
    """

    log = Logger()

    def __init__(
        self,
        peer: IPeer,
        say: Say,
        watch: Watch,
        width: Callable[[], int | None] = lambda: None,
        ask: Ask | None = None,
        *,
        links: ILinks,
        has_next_run: bool = True,
    ) -> None:
        self._peer = peer
        self._say = say
        self._width = width
        self._ask = ask
        self._has_next_run = has_next_run
        self.exits = Exits()
        self._transfers = TransferControl(peer, say, width)
        self._administration = Administration(peer, say, width, ask)
        self._downloading = Downloading(peer, say, watch, self.exits)
        self._pushing = Pushing(peer, say, width, self.exits, self._downloading.tells)
        self._linking = Linking(links, say, width)
        self._listed = LastList()
        self._seen_peers: tuple[PeerName, ...] = ()

    def begin(self) -> None:
        """
        Show what limits hold from the start, and what becomes of earlier runs' downloads.

        What others push is told from now on, too, until :meth:`end`.
        """
        if (rates := self._peer.status().rates) != Rates():
            self._say([f"limits: {limits_line(rates)}"])
        self._downloading.follow_earlier()
        self._pushing.follow(self._ask is not None)

    def end(self) -> None:
        """Tell nothing more that no command has asked for."""
        self._pushing.end()

    def stop_waiting(self) -> bool:
        """Wait for nothing that was pushed, or is to be; return whether anything was waited for."""
        return self._pushing.stop_waiting()

    def vocabulary(self) -> Vocabulary:
        """Collect what a person may mean by the beginning of a word, without asking others."""
        choices = self._listed.rows
        neighbors = [address.name for address in self._peer.status().neighbors]
        holders = [hit.peer for choice in choices for hit in choice.hits]
        return Vocabulary(
            names=[choice.best.name for choice in choices],
            peers=sorted({*neighbors, *holders, *self._seen_peers}, key=natural_order),
            downloads=[each.number for each in self._peer.transfers() if not each.is_ended],
            pushes=[each.number for each in all_offers(self._peer.offers) if not each.is_over],
            below=self._peer.below,
        )

    async def execute(self, command: Command) -> Outcome:
        """Execute a command to its end; errors are shown, and never raised."""
        outside = outside_line(self._peer.status()) if commands.asks_network(command) else None
        if outside is not None:
            self._say([outside])
        try:
            return await _EXECUTE[type(command)](self, command)
        except AlreadyHere as error:
            self._say([str(error)])
            return Outcome.OK
        except Ambiguous as error:
            choices = self._listed.put(error.hits)
            how = "link 1" if isinstance(command, commands.MakeLink) else "get 1"
            self._say([*choice_lines(choices, self._width()), f"{error}: choose one, as in {how}"])
            self.exits.add(error.exit)
        except PeerError as error:
            self._say([FailureLine(_in_words(error, command))])
            self.exits.add(error.exit)
        except Exception:
            self.log.failure("while obeying {command}", command=command)
            self._say([FailureLine("that went wrong; the log says more")])
            self.exits.add(Exit.UNEXPECTED)
        return Outcome.FAILED

    async def _topo(self, _command: commands.Topo) -> Outcome:
        self._say(topology_lines(await self._topology()))
        return Outcome.OK

    async def _topology(self) -> Topology:
        topology = await self._peer.topology()
        self._seen_peers = tuple(record.peer for record in topology.peers[:_PEERS_REMEMBERED])
        return topology

    async def _stop(self, _command: commands.StopNetwork) -> Outcome:
        if self._ask is not None:
            topology = await self._peer.topology()
            self._peer.check_may_stop()
            question = before_stop(topology, self._peer.status())
            if question is not None and not await self._ask(question):
                self._say(["the network goes on"])
                return Outcome.FAILED
        await self._peer.stop_network()
        self._say(["stopped the network"])
        return Outcome.GONE

    async def _leave(self, _command: commands.LeaveNetwork) -> Outcome:
        transfers, uploads = self._peer.transfers(), self._peer.uploads()
        self._say(left_undone(transfers, uploads, self._has_next_run))
        await self._peer.leave()
        self._say(["left the network"])
        return Outcome.GONE

    async def _get(self, command: commands.Get) -> Outcome:
        try:
            return await self._downloading.get(command.name, command.holder)
        except (AlreadyHere, Ambiguous):
            raise
        except PeerError as error:
            if not command.words:
                raise
            several = [self._listed.meant(word, command.holder) for word in command.words]
            selection = await self._downloading.select(several, command.holder)
            if all(isinstance(why, NotFound) for _word, why in selection.failed) and not (
                selection.things or selection.here or selection.later
            ):
                # Nothing has the whole line as its name, nor a word of it.
                raise error from None
            return await self._downloading.get_selected(selection)

    async def _choose(self, command: commands.Choose) -> Outcome:
        hits = [self._listed.chosen(number, command.holder) for number in command.numbers]
        if len(hits) == 1:
            return await self._downloading.get(hits[0], command.holder)
        selection = await self._downloading.select(hits, command.holder)
        return await self._downloading.get_selected(selection)

    async def _link(self, command: commands.MakeLink) -> Outcome:
        chosen = self._listed.chosen(command.what) if isinstance(command.what, int) else None
        return await self._linking.link(command, chosen)

    async def _find(self, command: commands.Find) -> Outcome:
        found = await self._peer.find(command.text)
        self._say(found_lines(found, self._listed.put(found.hits), self._width()))
        if found.alone:
            self._say([found.alone])
        if found.hits:
            return Outcome.OK
        self.exits.add(Exit.NOT_FOUND)
        return Outcome.FAILED

    async def _list(self, command: commands.List) -> Outcome:
        found = await self._peer.listing(command.holder)
        self._say(found_lines(found, self._listed.put(found.hits), self._width()))
        status = self._peer.status()
        if status.excluded and command.holder in (None, status.name):
            self._say([f"{status.excluded:,} not shared: status tells why"])
        return Outcome.OK

    async def _list_peers(self, _command: commands.ListPeers) -> Outcome:
        topology = await self._topology()
        status = self._peer.status()
        neighbors = [address.name for address in status.neighbors]
        self._say(peers_lines(topology, status.name, neighbors))
        return Outcome.OK

    async def _show_status(self, _command: commands.ShowStatus) -> Outcome:
        self._say(status_lines(self._peer.status(), self._width()))
        return Outcome.OK

    async def _help(self, command: commands.Help) -> Outcome:
        entry = find_entry(command.command or "")
        width = self._width()
        self._say(command_lines(entry) if entry else help_lines(command.lists_all, width))
        return Outcome.OK

    async def _misused(self, command: commands.Misused) -> Outcome:
        """Explain a command; but "stop words.txt" may be a file."""
        entry = find_entry(command.command)
        assert entry is not None
        takes = command.why or f"{entry.words[0]} {entry.takes}"
        if not self._peer.status().neighbors:
            raise PeerError(takes)
        try:
            return await self._downloading.get(command.line, None)
        except NotFound as error:
            # Without an operand, a name was as likely meant.
            raise PeerError(takes if entry.operand else f"{takes}; {error}") from None


def _in_words(error: PeerError, command: Command) -> str:
    """Say why a command has failed, and what else may have been meant."""
    if not (isinstance(error, NotFound) and isinstance(command, commands.Get)):
        return str(error)
    if command.is_bare and not error.like and (meant := suggest(command.name)):
        return f"{error}; did you mean {meant}?"
    if (hint := option_hint(command.name) or number_hint(command.name)) is None:
        return str(error)
    # Names that are a little like numbers were not meant.
    return f"{error.args[0] if error.like else error}; {hint}"


_EXECUTE: Final[dict[type, Callable[[Conversation, Any], Coroutine[Any, Any, Outcome]]]] = {
    commands.Topo: Conversation._topo,
    commands.StopNetwork: Conversation._stop,
    commands.LeaveNetwork: Conversation._leave,
    commands.Get: Conversation._get,
    commands.Choose: Conversation._choose,
    commands.Find: Conversation._find,
    commands.List: Conversation._list,
    commands.ListPeers: Conversation._list_peers,
    commands.ListTransfers: lambda talk, command: talk._transfers.list_transfers(command),
    commands.Explain: lambda talk, command: talk._transfers.explain(command),
    commands.Cancel: lambda talk, command: talk._transfers.cancel(command),
    commands.Pause: lambda talk, command: talk._transfers.pause(command),
    commands.Resume: lambda talk, command: talk._transfers.resume(command),
    commands.PushFiles: lambda talk, command: talk._pushing.push(command),
    commands.ListPushes: lambda talk, command: talk._pushing.list_pushes(command),
    commands.EndPushes: lambda talk, command: talk._pushing.end_pushes(command),
    commands.AnswerPushes: lambda talk, command: talk._pushing.answer(command),
    commands.MakeLink: Conversation._link,
    commands.ListLinks: lambda talk, command: talk._linking.list_links(command),
    commands.EndLinks: lambda talk, command: talk._linking.end_links(command),
    commands.ShowLimits: lambda talk, command: talk._transfers.show_limits(command),
    commands.Limit: lambda talk, command: talk._transfers.limit(command),
    commands.ShowStatus: Conversation._show_status,
    commands.InviteOthers: lambda talk, command: talk._administration.invite(command),
    commands.ListInvites: lambda talk, command: talk._administration.list_invites(command),
    commands.TakeInviteBack: lambda talk, command: talk._administration.take_back(command),
    commands.RevokePeer: lambda talk, command: talk._administration.revoke(command),
    commands.ListMembers: lambda talk, command: talk._administration.list_members(command),
    commands.Help: Conversation._help,
    commands.Misused: Conversation._misused,
}
