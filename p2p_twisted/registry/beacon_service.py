"""Tell newcomers on the same network where a registry is."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Final

from twisted.application.service import Service
from twisted.logger import Logger
from typing_extensions import override

from p2p_twisted.registry.beacon_pace import BeaconPace
from p2p_twisted.registry.lan_group import LAN_GROUP
from p2p_twisted.registry.limits import BEACON_EVERY_SECONDS, BEACON_PACKETS_PER_SECOND
from p2p_twisted.runtime import multicast
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.group_reader import GroupReader
from p2p_twisted.runtime.multicast import GroupSocket, Packet
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.wire.beacon import Beacon, RootStart, is_question, write_beacon
from p2p_twisted.wire.limits import BEACON_ADDRESSES, BEACON_BYTES
from p2p_twisted.wire.names import NetworkName, is_loopback

_PORTS: Final = range(1_024, 65_536)


class BeaconService(Service):
    """
    Answers the questions of newcomers; what goes wrong with that is no fault of the registry.

    :param reactor: provides ``IReactorFDSet`` and ``IReactorTime``.
    :param root: how the hash of the root's key begins, in a private network.
    :param address: returns where the registry listens, once it does.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        network: NetworkName,
        root: RootStart | None,
        address: Callable[[], tuple[str, int]],
    ) -> None:
        self._reactor = reactor
        self._network = network
        self._root = root
        self._address = address
        self._pace = BeaconPace(reactor.seconds())
        self._alarm = Alarm(reactor, self._say)
        self._looked_at = -inf
        self._own: Sequence[str] = ()
        self._readers: list[GroupReader] = []
        self._has_told = False

    @override
    def startService(self) -> None:
        """Begin, unless only this machine reaches the registry."""
        super().startService()
        host, port = self._address()
        # Of others, newcomers would not take it.
        if not is_loopback(host) and port in _PORTS:
            self._alarm.set(0.0)

    @override
    def stopService(self) -> None:
        super().stopService()
        self._alarm.stop()
        for reader in self._readers:
            reader.stop()

    def _say(self) -> None:
        now = self._reactor.seconds()
        if now - self._looked_at >= BEACON_EVERY_SECONDS:
            self._looked_at = now
            self._look()
        multicast.send(LAN_GROUP, self._packet, self._own)
        self._pace.sent(now)
        self._alarm.set(self._pace.due - now)

    def _look(self) -> None:
        """Hear newcomers at the addresses that this machine has now."""
        host, port = self._address()
        self._own = _reached_at(host)
        # So that it is not taken for several.
        named = tuple(self._own[:BEACON_ADDRESSES]) if len(self._own) > 1 else ()
        self._packet = write_beacon(Beacon(self._network, port, self._root, named))
        try:
            if not self._readers and self._own:
                self._readers = [
                    self._reader(each) for each in GroupSocket.opened(LAN_GROUP, self._own)
                ]
        except OSError as error:
            self._tell(in_words(error))
        for reader in self._readers:
            reader.source.join(self._own)

    def _reader(self, source: GroupSocket) -> GroupReader:
        bounds = {"most_bytes": BEACON_BYTES, "per_second": BEACON_PACKETS_PER_SECOND}
        return GroupReader(self._reactor, source, self._heard, **bounds)

    def _tell(self, why: str) -> None:
        if not self._has_told:
            self._has_told = True
            self.log.warn(
                "newcomers have to be told --registry, as they are not heard at UDP port {port}:"
                " {why}",
                port=LAN_GROUP.port,
                why=why,
            )

    def _heard(self, packet: Packet) -> None:
        now = self._reactor.seconds()
        # While an answer is due, there is nothing to find out.
        if not self._pace.is_asked(now) and is_question(packet.content):
            self._pace.asked(now)
            self._alarm.set(max(0.0, self._pace.due - now))


def _reached_at(host: str) -> list[str]:
    """List the addresses at which others reach a listener."""
    match host:
        case "0.0.0.0":
            return [each for each in multicast.usable_addresses() if ":" not in each]
        case "::":
            return multicast.usable_addresses()
        case _:
            return [host]
