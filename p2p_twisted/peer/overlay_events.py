"""What a peer does for the others: answers, serves, and stops when it is told to."""

from collections.abc import Callable

from twisted.logger import Logger

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.overlay.queries import LocalAnswer
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.peer.shutdown import STOP
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import Ask, File, Gossip, Refuse, Want
from p2p_twisted.wire.names import PeerAddress, PeerName


class OverlayEvents:
    """
    One peer's ear for the overlay.

    :param stop: is called with the name of the peer that stops the network, and
        how many seconds ago it said so.
    """

    log = Logger()

    def __init__(
        self,
        presence: NetworkSession,
        answers: QueryAnswers,
        downloads: Downloads,
        partials: PartialRegister,
        pushes: Uploads,
        stop: Callable[[PeerName, float], None],
    ) -> None:
        self._presence = presence
        self._answers = answers
        self._downloads = downloads
        self._partials = partials
        self._pushes = pushes
        self._stop = stop

    def know(self, ask: Ask) -> LocalAnswer:
        """Answer a question as far as this peer can."""
        return self._answers.tell(ask)

    def neighbor_up(self, address: PeerAddress) -> None:
        """Take note of a link."""
        self.log.info("linked with {neighbor}", neighbor=str(address))

    def neighbor_down(self, address: PeerAddress, has_died: bool) -> None:
        """Take note that a link has ended."""
        how = "died" if has_died else "is no neighbor any more"
        self.log.info("{neighbor} {how}", neighbor=str(address), how=how)
        self._presence.neighbor_gone(address, has_died)

    def delivered(self, gossip: Gossip) -> None:
        """Obey a broadcast."""
        if gossip.kind == STOP:
            self._stop(gossip.origin, gossip.age)
        else:
            self.log.debug("{kind} is not known here", kind=gossip.kind)

    def routed(self, message: Want | Refuse, link: Connection) -> None:
        """Serve what is wanted, or ask the next holder when one refuses."""
        if isinstance(message, Refuse):
            self._downloads.refused(message)
            return
        self._partials.wanted_by(message)
        back = message.via[::-1]

        def refuse(reason: str, gone: bool = False) -> None:
            if self._presence.node is not None:
                self._presence.node.send(Refuse(message.ticket, reason, back, gone))

        is_neighbor = message.via == (message.name,)
        self._pushes.serve(message, link if is_neighbor else None, refuse)

    def file_arrives(self, link: Connection, file: File) -> None:
        """Take a small file that comes on a link."""
        self._downloads.file_arrives(link, file)
