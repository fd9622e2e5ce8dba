"""Keeping a peer known to the registry, and on without one."""

from collections.abc import Callable
from random import Random
from typing import Final

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.peer.state import StateDirectory, address_from_json, address_to_json
from p2p_twisted.registry import limits
from p2p_twisted.registry.client import RegistryClient, RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import Join, Welcome
from p2p_twisted.wire.names import PeerAddress

_STATE: Final = "registration"
_LEAST_PAUSE_SECONDS: Final = 1.0
_FIRST_RETRY_SECONDS: Final = 1.0
_LONGEST_RETRY_SECONDS: Final = 30.0
"""Half of the shortest lease: a registry that is back knows all its peers within one."""

_LONGEST_WAIT_SECONDS: Final = 5.0
"""Of a newcomer, who can do nothing else, and whose person waits too."""

_RESERVED_SECONDS: Final = 2.0
_PORTS_TRIED: Final = 100

Listen = Callable[[int], None]
"""Listens on a port, or raises ``CannotListenError``."""


class RegistrationKeeper:
    """
    A peer's place in the registry: name, address and lease.

    :param join: what to join with; port and token of an earlier run are added.
    :param introduce: is given every list of referrals.
    :param is_alone: whether the peer has no neighbor at the moment.
    :param announce: is told what a person should know.
    """

    log = Logger()

    def __init__(
        self,
        reactor: IReactorTime,
        rng: Random,
        client: RegistryClient,
        state: StateDirectory,
        join: Join,
        introduce: Callable[[tuple[PeerAddress, ...]], None],
        is_alone: Callable[[], bool],
        announce: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._rng = rng
        self._client = client
        self._state = state
        self._join = join
        self._introduce = introduce
        self._is_alone = is_alone
        self._announce = announce
        self._pause: Deferred[None] | None = None
        self._welcome: Welcome | None = None
        self._is_registered = False
        self._is_ended = False
        self._complaint = ""
        self._waits_left = round(limits.RESERVATION_SECONDS / _RESERVED_SECONDS) + 1

    @property
    def is_registered(self) -> bool:
        """Whether the registry knew us when it was last asked."""
        return self._is_registered

    async def begin(self, listen: Listen) -> tuple[PeerAddress, tuple[PeerAddress, ...]]:
        """
        Get a name and a port, and listen there.

        Without a registry, a peer that was registered before takes its last
        address; any other keeps asking. An address that somebody else has got
        meanwhile is given up for another one.

        :returns: our address, and referrals.
        :raises RegistryRefused: when the registry will not have us.
        :raises CancelledError: when it was ended meanwhile.
        """
        unusable: tuple[int, ...] = ()
        last = self._recall()
        retry = _FIRST_RETRY_SECONDS
        while not self._is_ended:
            try:
                welcome = await self._client.join(attrs.evolve(self._join, unusable=unusable))
            except RegistryRefused as error:
                await self._give_way(error)
                last = None
                continue
            except RegistryUnreachable as error:
                if self._is_ended:
                    break
                if last is not None and _can(listen, last.port):
                    # Or, having asked for another one meanwhile, it would renew the wrong port.
                    self._join = attrs.evolve(self._join, port=last.port)
                    self._announce(f"{error}: going on with the peers known from before")
                    return last, ()
                self._complain(f"{error}: trying again until there is one")
                await self._sleep(retry)
                retry = min(2 * retry, _LONGEST_WAIT_SECONDS)
                continue
            if self._is_ended:
                await self._leave(welcome)
                break
            if _can(listen, welcome.port):
                self._registered(welcome)
                return _address(welcome), welcome.referrals
            unusable = (*unusable, welcome.port)
            self._join = attrs.evolve(self._join, port=None, token=welcome.token)
            if len(unusable) > _PORTS_TRIED:
                raise RegistryRefused("full", "none of the registry's ports can be listened on")
        raise CancelledError()

    async def _give_way(self, error: RegistryRefused) -> None:
        """
        Wait for a place that is only reserved, or ask for another port.

        :raises RegistryRefused: when neither helps.
        """
        if error.code == "reserved" and self._waits_left:
            # Perhaps for us: the answer to an earlier run's request may have been lost.
            self._waits_left -= 1
            await self._sleep(_RESERVED_SECONDS)
        elif error.code in ("reserved", "taken") and self._join.port is not None:
            self.log.info("asking for another port: {error}", error=error)
            self._join = attrs.evolve(self._join, port=None)
        else:
            raise error

    async def keep(self) -> None:
        """Renew the lease until :meth:`end`; more often while we are alone."""
        retry = _FIRST_RETRY_SECONDS
        while not self._is_ended:
            try:
                renewed = await self._renew()
            except RegistryUnreachable as error:
                self.log.info("{error}", error=error)
                renewed = None
            except RegistryRefused as error:
                if not self._is_ended:
                    self._complain(f"the registry refuses us: {error}")
                renewed = None
            if self._is_ended:
                return
            self._is_registered = renewed is not None
            if renewed is not None:
                self._introduce(renewed.referrals)
            if renewed is not None and not self._is_alone():
                retry = _FIRST_RETRY_SECONDS
                pause = renewed.lease / 2
            else:
                pause, retry = retry, min(2 * retry, _LONGEST_RETRY_SECONDS)
                if renewed is not None:
                    pause = min(pause, renewed.lease / 2)
            soonest = self._reactor.seconds() + _LEAST_PAUSE_SECONDS
            await self._sleep(pause)
            # A neighbor that comes and goes all the time is nothing to the registry.
            while not self._is_ended and self._reactor.seconds() < soonest:
                await self._sleep(soonest - self._reactor.seconds())

    def hurry(self) -> None:
        """Renew now, or in a second: we have lost our last neighbor."""
        if self._pause is not None:
            self._pause.cancel()

    async def report(self, address: PeerAddress) -> None:
        """Tell the registry of a neighbor that died."""
        try:
            await self._client.report(address)
        except (RegistryRefused, RegistryUnreachable) as error:
            self.log.debug("{error}", error=error)

    async def end(self) -> None:
        """Give up name and port."""
        self._is_ended = True
        self.hurry()
        if self._welcome is not None:
            await self._leave(self._welcome)

    async def _leave(self, welcome: Welcome) -> None:
        try:
            await self._client.leave(welcome.name, welcome.token)
        except (RegistryRefused, RegistryUnreachable) as error:
            self.log.debug("{error}", error=error)

    async def _renew(self) -> Welcome:
        welcome = self._welcome
        if welcome is not None:
            try:
                renewed = await self._client.renew(welcome.name, welcome.token)
            except RegistryRefused as error:
                if self._is_ended:
                    raise
                self.log.info("joining again: {error}", error=error)
                self._welcome = None
            else:
                self._welcome = renewed
                return renewed
        # It has forgotten us, or never knew us: the address stays what it is.
        port = self._join.port
        joined = await self._client.join(self._join)
        if self._is_ended:
            await self._leave(joined)
            return joined
        if joined.port != port:
            await self._client.leave(joined.name, joined.token)
            raise RegistryRefused("taken", f"port {port} is somebody else's there")
        self._registered(joined)
        return await self._client.renew(joined.name, joined.token)

    def _registered(self, welcome: Welcome) -> None:
        self._welcome = welcome
        self._is_registered = True
        self._join = attrs.evolve(self._join, port=welcome.port, token=welcome.token)
        saved = {"address": address_to_json(_address(welcome)), "token": welcome.token}
        try:
            self._state.write(_STATE, saved)
        except OSError as error:
            # A full disk keeps nobody out; only the name may be lost in a crash.
            self.log.warn("the registration is not written down: {error}", error=error)

    def _complain(self, reason: str) -> None:
        """Announce what is wrong, once as long as it stays the same."""
        if reason != self._complaint:
            self._announce(reason)
        self._complaint = reason

    def _recall(self) -> PeerAddress | None:
        """Take up the port and token of an earlier run under this name."""
        saved = self._state.read(_STATE)
        if not isinstance(saved, dict):
            return None
        address, token = address_from_json(saved.get("address")), saved.get("token")
        if address is None or address.name != self._join.name or not isinstance(token, str):
            return None
        self._join = attrs.evolve(self._join, port=address.port, token=token)
        return address

    async def _sleep(self, seconds: float) -> None:
        """Wait for about so long: those who began at one moment should not go on at one."""
        self._pause = deferLater(self._reactor, seconds * self._rng.uniform(0.8, 1.2), lambda: None)
        try:
            await self._pause
        except CancelledError:
            self.log.debug("woken early")
        finally:
            self._pause = None


def _address(welcome: Welcome) -> PeerAddress:
    return PeerAddress(welcome.name, welcome.host, welcome.port)


def _can(listen: Listen, port: int) -> bool:
    try:
        listen(port)
    except CannotListenError:
        return False
    return True
