"""Build a peer's part in what is offered in its network."""

import os
from functools import cached_property, partial
from random import Random

from attrs import frozen

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.offers.known_offers import KnownOffers
from p2p_twisted.offers.offer_book import OfferBook
from p2p_twisted.offers.offer_exchange import OfferExchange
from p2p_twisted.offers.offer_fetching import FetchingParts
from p2p_twisted.offers.offer_judge import OfferJudge, PrivateOfferJudge
from p2p_twisted.offers.offer_looks import OfferLooks
from p2p_twisted.offers.offer_taking import OfferTaking
from p2p_twisted.offers.offers import PeerOffers
from p2p_twisted.peer.build_local import LocalParts
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.own_offers import OwnOffers
from p2p_twisted.peer.registration import RegistrationKeeper
from p2p_twisted.peer.searches import Searches
from p2p_twisted.storage.disk import free_bytes
from p2p_twisted.trust.tls import TlsSecurity


@frozen(slots=False, kw_only=True)
class OfferParts:
    """
    Makes what offers need, each part once.

    :ivar local: what the peer has of its own.
    """

    local: LocalParts
    rng: Random
    security: TlsSecurity | None
    network: NetworkSession
    registration: RegistrationKeeper
    searches: Searches
    downloads: Downloads

    @cached_property
    def offers(self) -> PeerOffers:
        """What persons push."""
        local, taking = self.local, self.taking
        return PeerOffers(
            clock=local.reactor,
            date=local.wall,
            ahead=lambda: self.registration.ahead,
            network=self.network,
            judge=self.judge,
            book=self.book,
            known=self.known,
            writing=self._writing,
            exchange=self.exchange,
            taking=taking,
            looks=OfferLooks(local.reactor, self.network, taking.tell_others),
            state=local.state,
            offload=local.offload,
        )

    @cached_property
    def book(self) -> OfferBook:
        """What is offered."""
        return OfferBook(self.rng)

    @cached_property
    def known(self) -> KnownOffers:
        """What of that a person hears of."""
        known = KnownOffers()
        known.watch(self.local.seeding.heard)
        return known

    @cached_property
    def judge(self) -> OfferJudge:
        """Who is believed."""
        settings = self.local.settings
        if self.security is None:
            return OfferJudge(settings.name, settings.network)
        return PrivateOfferJudge(settings.name, settings.network, self.security)

    @cached_property
    def exchange(self) -> OfferExchange:
        """What others are told, and tell."""
        return OfferExchange(
            book=self.book,
            judge=self.judge,
            taking=self.taking,
            network=self.network,
            clock=self.local.reactor,
            date=self.local.wall,
        )

    @cached_property
    def taking(self) -> OfferTaking:
        """What is taken of that."""
        local = self.local
        downloads = str(local.settings.downloads)
        parts = FetchingParts(
            clock=local.reactor,
            rng=self.rng,
            downloads=self.downloads,
            find=self.searches.find,
            crowded=self.searches.crowded,
            here=local.shared.name_of,
            space=partial(local.offload, free_bytes, os, downloads),
        )
        return OfferTaking(
            rule=local.settings.accept,
            book=self.book,
            judge=self.judge,
            known=self.known,
            parts=parts,
            shares=local.shared.may_have,
        )

    @property
    def _writing(self) -> OwnOffers:
        local = self.local
        return OwnOffers(
            clock=local.reactor,
            rng=self.rng,
            network=local.settings.network,
            judge=self.judge,
            catalogs=local.shared.catalogs,
            group_catalogs=local.shared.group_catalogs,
            own_files=local.settings.own_names,
            date=local.wall,
        )
