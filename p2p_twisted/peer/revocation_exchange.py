"""Have a peer, its neighbors and the registry know of the same revocations."""

from collections.abc import Sequence
from typing import Final

from attrs import define, field
from twisted.logger import Logger

from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.network_statements import NetworkStatements
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.runtime.background import background
from p2p_twisted.trust.comparing import differing, telling
from p2p_twisted.trust.limits import REVOCATIONS, REVOCATIONS_AT_ONCE
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.limits import GOSSIP_LIFE_SECONDS
from p2p_twisted.wire.messages import Gossip, Revoked, Welcome
from p2p_twisted.wire.names import PeerName

REVOKE: Final = "revoke"
"""The kind of broadcast that revokes certificates."""

_ROUNDS: Final = REVOCATIONS // REVOCATIONS_AT_ONCE + 1


@define(eq=False)
class RevocationExchange:
    """
    Tells others what this peer knows of revocations, and learns what they know.

    An admin broadcasts a new one. Two that come together compare, so that who was away learns of
    it; what it learns then goes on over its other links, as far as it is new there.
    """

    log = Logger()

    _statements: NetworkStatements
    _network: NetworkSession
    _client: RegistryClient
    # The digests that were compared with the registry's last, so that it is done once.
    _compared: tuple[str, str] | None = field(default=None, init=False)

    @property
    def _known(self) -> RevocationList:
        return self._statements.revocations

    async def revoke(self, name: PeerName) -> None:
        """
        Revoke a name here and at all other peers, and tell the registry.

        One that does not answer hears of it from its peers once it does.

        :raises PeerError: when this peer may not, or is in no network.
        :raises RegistryRefused: when the registry refuses it, while all peers were told.
        """
        driver = await self._network.connected()
        await self._spread(driver, self._statements.revoke(name))

    async def publish(self, text: str) -> None:
        """
        Have what the root has said count here and at all other peers, and tell the registry.

        :raises PeerError: when it does not count, or this peer is in no network.
        :raises RegistryRefused: when the registry refuses it, while all peers were told.
        """
        driver = await self._network.connected()
        self._statements.publish(text)
        await self._spread(driver, [text])

    async def _spread(self, driver: OverlayDriver, texts: Sequence[str]) -> None:
        for text in texts:
            origin, life = driver.me.name, GOSSIP_LIFE_SECONDS
            driver.publish(
                Gossip(driver.new_id(), REVOKE, origin, 0.0, life, urgent=True, text=text)
            )
        try:
            for line in telling(self._known, texts):
                await self._client.compare(line)
        except RegistryUnreachable as error:
            self.log.info("the registry hears later who was revoked: {why}", why=error)

    def heard(self, text: str) -> None:
        """Learn from a broadcast, which others get anyway."""
        self._statements.hear(text)

    # With neighbors

    def greet(self, link: Connection) -> None:
        """Compare with a new neighbor."""
        link.send(Revoked(self._known.digest()))

    def told(self, link: Connection, message: Revoked) -> None:
        """Learn what a neighbor knows, or tell it what it does not know."""
        self._learn(message, link)
        for line in differing(self._known, message):
            link.send(line)
        if message.more and message.digest != self._known.digest():
            link.send(Revoked(self._known.digest(), after=message.after))

    # With the registry

    def welcomed(self, welcome: Welcome) -> None:
        """Compare with the registry, whose digest a welcome has."""
        compared = (welcome.revoked or "", self._known.digest())
        if welcome.revoked is None or len(set(compared)) == 1 or compared == self._compared:
            return
        self._compared = compared
        background(self.log, "comparing revocations", self._compare())

    async def _compare(self) -> None:
        """Learn what the registry knows, and tell it the rest."""
        try:
            theirs, asking = set[str](), Revoked(self._known.digest())
            for _ in range(_ROUNDS):
                lines = await self._client.compare(asking)
                for line in lines:
                    theirs.update(line.statements)
                    self._learn(line)
                if not (lines and lines[-1].more):
                    break
                asking = Revoked(self._known.digest(), after=lines[-1].after)
            missing = [text for text in self._known.texts() if text not in theirs]
            for line in telling(self._known, missing):
                await self._tell_registry(line)
        except (RegistryRefused, RegistryUnreachable) as error:
            self._compared = None
            self.log.debug("revocations are compared later: {why}", why=error)

    async def _tell_registry(self, line: Revoked) -> None:
        try:
            await self._client.compare(line)
        except RegistryRefused as error:
            if error.code == "later":
                raise
            self.log.debug("the registry does not believe a revocation: {why}", why=error)

    def _learn(self, message: Revoked, link: Connection | None = None) -> None:
        """Learn, and pass on what is new, over all links but the one that it comes from."""
        news = [text for text in message.statements if self._statements.hear(text)]
        if news and self._network.address is not None:
            for line in telling(self._known, news):
                self._network.driver.tell_neighbors(line, besides=link)
