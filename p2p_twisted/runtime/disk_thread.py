"""Do what a disk mostly does at once, without the reactor standing still when the disk does."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic, thread_time
from typing import Any, Final, Protocol, TypeVar

from attrs import frozen
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

from p2p_twisted.runtime.idle_cores import core_time
from p2p_twisted.runtime.parallel_map import ParallelMap, ProcessMap
from p2p_twisted.runtime.threads import Offload

T = TypeVar("T")

QUICK_SECONDS: Final = 0.05
"""How long the reactor waits for a call."""

CALLS_AHEAD: Final = 4
"""How many calls are worth having under way where the reactor does not wait."""


class Writing(Offload, Protocol):
    """Calls what writes to a disk, in the order of the calls."""

    @property
    def is_full(self) -> bool:
        """Whether enough is under way: more would take memory, and gain no time."""

    @property
    def has_room(self) -> bool:
        """Whether so little is under way, after it was full, that it is time for several more."""

    @property
    def core_wanted(self) -> float:
        """For how many seconds, so far, what is called has run on a core, or waited for one."""


class DiskThread:
    """
    Calls functions in one thread, in the order of the calls, and waits for those that are quick.

    To wait some microseconds costs less than to go on with something else and be called back.
    Once a call has taken longer than 50 ms, others are waited for again when all calls have
    ended and the last one was quick. What they return is told in their order.

    :param name: of the thread.
    :param has_idle_core: returns whether the thread would have a core of its own. Then what it
        is called for takes long enough (it hashes) that the reactor does not wait, but goes on.
    """

    def __init__(
        self,
        reactor: IReactorFromThreads,
        name: str,
        has_idle_core: Callable[[], bool] = lambda: False,
    ) -> None:
        self._reactor = reactor
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._name = name
        self._has_idle_core = has_idle_core
        self._goes_on = False
        self._is_slow = False
        # Of the calls that were not waited for: those whose ends have not been told.
        self._under_way = 0
        # For how many seconds the thread had run when its last call ended.
        self._ran = 0.0

    @property
    def is_full(self) -> bool:
        """See :class:`Writing`."""
        return self._under_way >= self._most

    @property
    def has_room(self) -> bool:
        """See :class:`Writing`."""
        return self._under_way <= self._most // 2

    @property
    def _most(self) -> int:
        return CALLS_AHEAD if self._goes_on and not self._is_slow else 1

    @property
    def core_wanted(self) -> float:
        """See :class:`Writing`; where the system does not tell, only for how long it has run."""
        known = core_time(self._thread.native_id or 0)
        return self._ran if known is None else known.wanted

    def start(self) -> None:
        """Start the thread."""
        # Made no earlier: after a fork, Python 3.13 takes those that were made before for ended.
        self._thread = Thread(target=self._work, name=self._name)
        self._thread.start()

    def stop(self) -> None:
        """Wait for all calls, and end the thread."""
        self._calls.put(None)
        self._thread.join()

    def __call__(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """Call it in the thread: see :class:`Offload`; what is returned may have fired already."""
        call = _Call(function, args)
        self._goes_on = self._has_idle_core()
        if self._goes_on or self._is_slow or self._under_way:
            ended = call.later()
            self._calls.put(call)
        else:
            self._calls.put(call)
            if call.ended.acquire(timeout=QUICK_SECONDS):
                return call.outcome()
            self._is_slow = True
            ended = call.later()
        self._under_way += 1
        return ended.addBoth(self._told)

    def _told(self, outcome: T) -> T:
        self._under_way -= 1
        return outcome

    def _work(self) -> None:
        while call := self._calls.get():
            began = monotonic()
            call.run(self._reactor)
            self._is_slow = monotonic() - began >= QUICK_SECONDS
            self._ran = thread_time()


@frozen
class DiskThreads:
    """
    What a peer does with disks mostly at once: a disk that stands still does not hold up another.

    :ivar writing: calls what writes downloads.
    :ivar reading: calls what reads what is sent.
    :ivar opening: calls what opens it: a disk that is gone may take for ever.
    :ivar parallel_map: spreads over all cores what takes long, such as to hash large files.
    :ivar process_map: does so with what is mostly Python, such as to hash very many small ones.
    """

    writing: Writing
    reading: Offload
    opening: Offload
    parallel_map: ParallelMap
    process_map: ProcessMap


class _Call:
    """
    One call, as both threads see it.

    :ivar ended: can be acquired once it has ended.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.ended = Lock()
        self.ended.acquire()
        self._function = function
        self._args = args
        self._result: Any = None
        self._waiting: Deferred[Any] | None = None
        self._deciding = Lock()
        self._is_over = False

    def run(self, reactor: IReactorFromThreads) -> None:
        try:
            self._result = self._function(*self._args)
        except BaseException:
            self._result = Failure()
        with self._deciding:
            self._is_over = True
            waiting = self._waiting
        self.ended.release()
        if waiting is not None:
            reactor.callFromThread(waiting.callback, self._result)

    def outcome(self) -> "Deferred[Any]":
        result = self._result
        return fail(result) if isinstance(result, Failure) else succeed(result)

    def later(self) -> "Deferred[Any]":
        """Return what fires in the reactor's thread."""
        with self._deciding:
            if self._is_over:
                return self.outcome()
            waiting: Deferred[Any] = Deferred()
            self._waiting = waiting
            return waiting
