"""What happens to a registry, as events of the API."""

from collections.abc import Callable
from functools import partial

from attrs import define
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.api.event_stream import Tell
from p2p_twisted.api.event_views import EventView, ForgottenView, RegisteredView
from p2p_twisted.api.registry_views import MemberView
from p2p_twisted.registry.registry import Registry, RosterChanged
from p2p_twisted.registry.roster import Extend, Forget, Put, Registration


@define(eq=False)
class RegistryEvents:
    """
    The events of a registry; that a peer has renewed its lease is none.

    :param date: reads the time of day, in seconds since 1970.
    """

    _registry: Registry
    _clock: IReactorTime
    _date: Callable[[], float]

    def begin(self, tell: Tell) -> Callable[[], None]:
        """Begin to tell what happens; return what ends it."""
        return self._registry.changes.watch(partial(self._changed, tell))

    def attend(self) -> Callable[[], None]:
        """Ask nobody: nothing is pushed to a registry."""
        return lambda: None

    def look(self, sees_network: bool) -> None:
        """Do nothing, as all of it is told."""

    def _changed(self, tell: Tell, changed: RosterChanged) -> None:
        view: EventView
        match changed.change:
            case Put(registration):
                told = member(registration, self._clock.seconds())
                view = RegisteredView(at=self._date(), member=told)
            case Forget(name):
                view = ForgottenView(at=self._date(), name=name, why=changed.why)
            case Extend():
                return
        tell(view)


def member(of: Registration, now: float) -> MemberView:
    """
    Describe a registered peer.

    :param now: seconds on the registry's clock.
    """
    return MemberView(
        name=of.name,
        host=of.address.host,
        port=of.address.port,
        since=of.since,
        lease=max(0.0, of.expires - now),
        is_listening=of.is_listening,
    )
