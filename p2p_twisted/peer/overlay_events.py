"""What a peer does for the others: it answers, serves, and stops when it is told to."""

from functools import partial
from typing import Final

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from p2p_twisted.download.tickets import Tickets
from p2p_twisted.offers.offer_exchange import OFFER, WITHDRAW, OfferExchange
from p2p_twisted.overlay.driver_events import Compared
from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.query_answers import RELAY, QueryAnswers
from p2p_twisted.peer.registration import RegistrationKeeper
from p2p_twisted.peer.revocation_exchange import REVOKE, RevocationExchange
from p2p_twisted.peer.shutdown import STOP, Shutdown
from p2p_twisted.peer.sights import AnswerSeen, LinkBegan, LinkEnded, QuestionSeen, Sights
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Ask, File, Gossip, Refuse, Revoked, Want
from p2p_twisted.wire.names import PeerAddress

_ANNOUNCED_SECONDS: Final = 30.0


@attrs.define(eq=False, kw_only=True)
class OverlayEvents:
    """Passes on what the overlay tells a peer: see :class:`overlay.driver_events.Events`."""

    log = Logger()

    _network: NetworkSession
    _registration: RegistrationKeeper
    _answers: QueryAnswers
    _tickets: Tickets
    _partials: PartialRegister
    _uploads: Uploads
    _shutdown: Shutdown
    _offers: OfferExchange
    _revocations: RevocationExchange | None = None
    _relays_for_all: bool = False

    def know(self, ask: Ask) -> "Deferred[LocalAnswer]":
        """Answer another peer's question as far as this one can."""
        answer = self._answers.answer_stranger(ask)
        sights = self._network.sights
        # Nobody has typed a look at an offer, and there may be one every second.
        is_shown = bool(sights) and ask.offer is None
        return answer.addCallback(partial(_seen, sights, ask)) if is_shown else answer

    def neighbor_up(self, address: PeerAddress, link: Connection, offers: bool) -> None:
        """Log that a link has begun, and tell the registration."""
        self.log.info("linked with {neighbor}", neighbor=str(address))
        self._tickets.linked(address.name)
        self._tickets.relay_came(address.name)
        self._registration.neighbors_changed(len(self._network.neighbors))
        self._network.neighbor_up()
        self._network.sights.tell(LinkBegan(address))
        if self._revocations is not None:
            self._revocations.greet(link)
        self._offers.neighbor_up(address.name, link, offers)
        if self._relays_for_all and len(self._network.neighbors) == 1:
            self._announce()

    def _announce(self) -> None:
        """Tell all others that they can be joined here, which some may wait for."""
        driver = self._network.driver
        text = Gossip(driver.new_id(), RELAY, driver.me.name, 0.0, _ANNOUNCED_SECONDS)
        driver.publish(text)

    def neighbor_down(self, address: PeerAddress, has_died: bool) -> None:
        """Log that a link has ended, and report a death to the registry."""
        self._offers.neighbor_down(address.name)
        self._network.sights.tell(LinkEnded(address, has_died))
        how = "died" if has_died else "is no neighbor any more"
        self.log.info("{neighbor} {how}", neighbor=str(address), how=how)
        if has_died:
            background(self.log, "reporting a death", self._registration.report(address))
        self._registration.neighbors_changed(len(self._network.neighbors))

    def delivered(self, gossip: Gossip, link: Connection | None, is_passed_on: bool) -> None:
        """Obey a broadcast."""
        if gossip.kind == STOP:
            self._shutdown.told(gossip)
        elif gossip.kind == REVOKE and self._revocations is not None:
            self._revocations.heard(gossip.text)
        elif gossip.kind in (OFFER, WITHDRAW):
            self._offers.delivered(gossip, link, is_passed_on)
        elif gossip.kind == RELAY:
            self._tickets.relay_came(gossip.origin)
        else:
            self.log.debug("{kind} is not known here", kind=gossip.kind)

    def routed(self, message: Want | Refuse, link: Connection) -> None:
        """Serve what is wanted, or tell download or upload that the other side cannot go on."""
        if isinstance(message, Refuse):
            if message.dial is not None:
                self._registration.doubt_reach()
            self._tickets.refused(message)
            self._uploads.not_fetched(message.ticket)
            return
        if message.near is not None and self._network.is_near(message.host):
            # Nobody outside may dial the requester, but this peer is inside, too.
            message = attrs.evolve(message, host=message.near, closed=False)
        self._partials.wanted_by(message)
        back = message.via[::-1]

        def refuse(reason: str, gone: bool = False, fetch: bool = False) -> None:
            driver = self._network.driver
            driver.send(Refuse(message.ticket, reason, back, gone, driver.me if fetch else None))

        is_neighbor = message.via == (message.name,)
        self._uploads.serve(message, link if is_neighbor else None, refuse)

    def compared(self, link: Connection, message: Compared) -> None:
        """Learn what a neighbor knows, and tell it what it does not know."""
        if not isinstance(message, Revoked):
            self._offers.told(link, message)
            return
        if self._revocations is None:
            raise ProtocolError("nothing can be revoked in an open network")
        self._revocations.told(link, message)

    def file_arrives(self, link: Connection, file: File) -> None:
        """Receive a small file that comes on a link."""
        self._tickets.file_arrives(link, file)


def _seen(sights: Sights, ask: Ask, answer: LocalAnswer) -> LocalAnswer:
    """Tell those who watch of a question that was answered here."""
    sights.tell(QuestionSeen(ask.id, ask.what, ask.text, ask.peer, is_own=False))
    hits = len(answer.hits)
    sights.tell(AnswerSeen(ask.id, False, hits=hits, peers=1, silent=0, seconds=answer.seconds))
    return answer
