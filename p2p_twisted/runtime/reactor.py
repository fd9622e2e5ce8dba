"""
What we need of a reactor, whether it is Twisted's or a test's.

These are protocols, since the reactors have no one interface in common; where only the
time is needed, Twisted's own ``IReactorTime`` does.
"""

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.interfaces import IConnector, IDelayedCall, IListeningPort, IReactorTime
from zope.interface import implementer


# Declared to implement it, since Twisted's functions ask for the interface.
@implementer(IReactorTime)
class Dialer(Protocol):
    """Time, and connections to elsewhere; each method is Twisted's of that name."""

    def seconds(self) -> float: ...

    def callLater(
        self, delay: float, callable: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> IDelayedCall: ...

    def getDelayedCalls(self) -> Any: ...

    def connectTCP(
        self, host: str, port: int, factory: Any, timeout: float = 30, bindAddress: Any = None
    ) -> IConnector: ...


class Reactor(Dialer, Protocol):
    """Also connections from elsewhere, and the life of the process."""

    def listenTCP(
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> IListeningPort: ...

    def callWhenRunning(self, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...

    def stop(self) -> None: ...


class ThreadingReactor(Reactor, Protocol):
    """Also calls from other threads."""

    def callFromThread(self, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> None: ...
