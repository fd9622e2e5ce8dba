"""Who hears what is logged while daemons run in virtual time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from twisted.logger import ILogObserver, globalLogPublisher


@contextmanager
def heard_only_by(*observers: ILogObserver) -> Iterator[None]:
    """
    Let only these hear what is logged; Twisted's own history would keep what logs it alive.

    What coroutines do when they are collected is not heard either: they are
    thrown out of what they wait for, which in a process that was killed nobody is.
    """
    before, globalLogPublisher._observers = globalLogPublisher._observers, list(observers)
    hook, sys.unraisablehook = sys.unraisablehook, lambda _unraisable: None
    try:
        yield
    finally:
        globalLogPublisher._observers = before
        sys.unraisablehook = hook
