"""Make the threads in which a peer does what may block."""

from typing import Any, Final

from twisted.application.service import MultiService

from p2p_twisted.runtime.disk_thread import DiskThread, DiskThreads
from p2p_twisted.runtime.idle_cores import IdleCores, reactor_core_time, usable_cores
from p2p_twisted.runtime.parallel_map import ParallelPool
from p2p_twisted.runtime.process_pool import ProcessPool
from p2p_twisted.runtime.threads import WorkerPool
from p2p_twisted.runtime.twistd import WorkerService

# A download of small files may wait in two of them for a slow disk.
_THREADS: Final = 3


def peer_threads(reactor: Any, daemon: MultiService, name: str) -> tuple[WorkerPool, DiskThreads]:
    """
    Make what calls what blocks, and what is mostly too quick for that.

    :param daemon: starts and ends them with itself.
    """
    pool = WorkerPool(reactor, f"p2ppeer-{name}", _THREADS)
    idle_cores = IdleCores(reactor_core_time, usable_cores())
    writer = DiskThread(reactor, "writer", idle_cores.are_there)
    reader, opener = DiskThread(reactor, "reader"), DiskThread(reactor, "opener")
    parallel_map = ParallelPool("parallel", usable_cores())
    process_map = ProcessPool(usable_cores())
    for threads in (pool, writer, reader, opener, parallel_map, process_map):
        WorkerService(reactor, threads).setServiceParent(daemon)
    return pool, DiskThreads(writer, reader, opener, parallel_map, process_map)
