"""Notice when a machine has another address than before: another Wi-Fi, a new DHCP lease."""

from collections.abc import Callable
from typing import Final

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from p2p_twisted.peer.settings import Settings
from p2p_twisted.runtime.addresses import address_towards, has_address, own_addresses
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.names import BadName, check_host, is_loopback

_CHECK_SECONDS: Final = 5.0


@define(eq=False)
class AddressWatch:
    """
    Looks whether the machine still has the address that a peer listens on.

    :param settings: of the peer.
    :ivar host: the address.
    """

    log = Logger()

    _settings: Settings
    _clock: IReactorTime
    _offload: Offload
    host: str = field(init=False)
    _moved: Callable[[str], None] = field(init=False)
    _lost: Callable[[str | None], None] = field(init=False)
    _is_lost: bool = field(default=False, init=False)
    _checking: LoopingCall = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.host = self._settings.interface
        self._checking = LoopingCall(self._check)
        self._checking.clock = self._clock

    def start(self, moved: Callable[[str], None], lost: Callable[[str | None], None]) -> None:
        """
        Look every 5 s; loopback stays.

        :param moved: is called with the address that took the place of the one that was guessed.
        :param lost: is called with what is wrong, once, when there is nothing to listen on, and
            with ``None`` when the address is back.
        """
        self._moved, self._lost = moved, lost
        if not is_loopback(self.host):
            checked = self._checking.start(_CHECK_SECONDS, now=False)
            background(self.log, "watching the address", checked)

    def stop(self) -> None:
        """Look no more."""
        if self._checking.running:
            self._checking.stop()

    async def _check(self) -> None:
        if has_address(self.host):
            if self._is_lost:
                self._is_lost = False
                self._lost(None)
            return
        other = await self._other()
        if not self._checking.running:
            return
        if other is not None:
            self.host, self._is_lost = other, False
            self._moved(other)
        elif not self._is_lost:
            self._is_lost = True
            self._lost(self._what_to_do())

    async def _other(self) -> str | None:
        """Guess again, if the address was a guess."""
        if not self._settings.is_guessed:
            return None
        # To look a name up may take seconds.
        for host, _port in self._settings.registries:
            other = await self._offload(address_towards, host)
            try:
                check_host(other or "")
            except BadName:
                continue
            if other is not None and not is_loopback(other):
                return other
        return None

    def _what_to_do(self) -> str:
        gone = f"this machine no longer has the address {self.host}"
        others = own_addresses()
        if self._settings.is_guessed or not others:
            return f"{gone}, nor another one on the way to the registry: going on when it has"
        return f"{gone}: start this peer again with --interface {' or '.join(others)}"
