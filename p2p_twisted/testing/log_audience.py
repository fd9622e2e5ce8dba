"""Choose what observes the log while daemons run in virtual time."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from twisted.logger import ILogObserver, globalLogPublisher


@contextmanager
def logged_only_to(*observers: ILogObserver) -> Iterator[None]:
    """
    Log to these observers alone: Twisted's own history would keep alive what logs to it.

    Exceptions of coroutines that are collected are not shown either: a coroutine of a
    killed process never ends by itself.
    """
    before, globalLogPublisher._observers = globalLogPublisher._observers, list(observers)
    hook, sys.unraisablehook = sys.unraisablehook, lambda _unraisable: None
    try:
        yield
    finally:
        globalLogPublisher._observers = before
        sys.unraisablehook = hook


def collect_the_past() -> None:
    """Collect what earlier networks of this process have left: nobody is to hear of it."""
    with logged_only_to():
        gc.collect()
