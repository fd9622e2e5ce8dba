"""Build a peer's part in what is offered in its network."""

import os
from functools import cached_property, partial

from attrs import frozen

from p2p_twisted.offers.known_offers import KnownOffers
from p2p_twisted.offers.neighbor_search import NeighborSearch
from p2p_twisted.offers.offer_book import OfferBook
from p2p_twisted.offers.offer_exchange import OfferExchange
from p2p_twisted.offers.offer_fetching import FetchingParts
from p2p_twisted.offers.offer_judge import OfferJudge, PrivateOfferJudge
from p2p_twisted.offers.offer_looks import OfferLooks
from p2p_twisted.offers.offer_taking import OfferTaking
from p2p_twisted.offers.offers import PeerOffers
from p2p_twisted.peer.build_local import LocalParts
from p2p_twisted.peer.build_network import NetworkParts
from p2p_twisted.peer.build_transfers import TransferParts
from p2p_twisted.peer.own_offers import OwnOffers
from p2p_twisted.peer.peer_context import PeerContext
from p2p_twisted.storage.disk import free_bytes


@frozen(slots=False)
class OfferParts:
    """Makes what offers need, each part once."""

    context: PeerContext
    local: LocalParts
    network: NetworkParts
    transfers: TransferParts

    @cached_property
    def offers(self) -> PeerOffers:
        """What persons push."""
        context, network, taking = self.context, self.network, self.taking
        return PeerOffers(
            clock=context.reactor,
            date=context.wall,
            ahead=lambda: network.registration.ahead,
            network=network.session,
            judge=self.judge,
            book=self.book,
            known=self.known,
            writing=self._writing,
            exchange=self.exchange,
            taking=taking,
            looks=OfferLooks(context.reactor, network.session, taking.tell_others),
            has_all=self.local.content.has_all,
            state=self.local.state,
            offload=context.offload,
            announce=context.announce,
        )

    @cached_property
    def book(self) -> OfferBook:
        """What is offered."""
        return OfferBook(self.context.rng)

    @cached_property
    def known(self) -> KnownOffers:
        """What of that a person hears of."""
        known = KnownOffers()
        known.watch(self.local.seeding.heard)
        return known

    @cached_property
    def judge(self) -> OfferJudge:
        """Who is believed."""
        settings, security = self.context.settings, self.context.security
        if security is None:
            return OfferJudge(settings.name, settings.network)
        return PrivateOfferJudge(settings.name, settings.network, security)

    @cached_property
    def exchange(self) -> OfferExchange:
        """What others are told, and tell."""
        return OfferExchange(
            book=self.book,
            judge=self.judge,
            taking=self.taking,
            network=self.network.session,
            clock=self.context.reactor,
            date=self.context.wall,
        )

    @cached_property
    def taking(self) -> OfferTaking:
        """What is taken of that."""
        context, shared, transfers = self.context, self.local.shared, self.transfers
        downloads = str(context.settings.downloads)
        parts = FetchingParts(
            clock=context.reactor,
            rng=context.rng,
            downloads=transfers.downloads,
            find=transfers.searches.find,
            near=NeighborSearch(self.network.session).find,
            crowded=transfers.searches.crowded,
            here=shared.name_of,
            space=partial(context.offload, free_bytes, os, downloads),
        )
        return OfferTaking(
            rule=context.settings.accept,
            book=self.book,
            judge=self.judge,
            known=self.known,
            parts=parts,
            shares=shared.may_have,
        )

    @property
    def _writing(self) -> OwnOffers:
        context, shared = self.context, self.local.shared
        return OwnOffers(
            clock=context.reactor,
            rng=context.rng,
            network=context.settings.network,
            judge=self.judge,
            catalogs=shared.catalogs,
            group_catalogs=shared.group_catalogs,
            own_files=context.settings.own_names,
            date=context.wall,
        )
