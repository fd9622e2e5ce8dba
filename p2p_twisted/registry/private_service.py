"""Keep the certificate of a private network's registry good for as long as it runs."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from twisted.application.internet import TimerService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from typing_extensions import override

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.shared_records import SharedRecords
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.trust.credentials import new_key
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.trust.trust_errors import TrustError

# So that a machine that was asleep for a month is a registry again soon.
_LOOK_SECONDS: Final = 60.0


_CATCH_UP_SECONDS: Final = 2.0


class CatchingUp(TimerService):
    """
    Has a private network's registry know soon what the others have decided.

    :param catch_up: does so; it raises nothing.
    """

    def __init__(
        self,
        reactor: Reactor,
        shared: SharedRecords,
        catch_up: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        super().__init__(_CATCH_UP_SECONDS, lambda: Deferred.fromCoroutine(catch_up()))
        self.clock = reactor
        self._shared = shared

    @override
    async def stopService(self) -> None:
        await maybeDeferred(super().stopService)
        await self._shared.close()


class OwnRenewal(TimerService):
    """
    Renews what the registry itself shows.

    :param date: reads the time of day, in seconds since 1970.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Reactor,
        authority: Authority,
        security: TlsSecurity,
        date: Callable[[], float],
    ) -> None:
        super().__init__(_LOOK_SECONDS, self.look)
        self.clock = reactor
        self._authority = authority
        self._security = security
        self._date = date

    @override
    def startService(self) -> None:
        # What p2p members names it by, and p2p revoke --registry.
        self.log.info("this is the registry {id}", id=self._authority.id)
        super().startService()

    def look(self) -> None:
        """Renew the certificate if it is time."""
        now = self._date()
        if self._security.own.is_due(now):
            try:
                self._security.use(self._authority.own(now, new_key()))
            except TrustError as error:
                self.log.error("cannot renew the registry's certificate: {why}", why=error)
