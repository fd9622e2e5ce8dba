"""Settings of all tests."""

import gc
import importlib.metadata
import os
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings
from twisted.logger import LogEvent, globalLogBeginner
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.testing.plugin import nothing_critical

# Time depends on the machine, and what fails must fail again.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

# Simulated networks are of very many objects that stay: to look through them as often as
# Python does takes a third of the time.
gc.set_threshold(100_000)

# Most of what peers in virtual time wait for is that a disk has written what nobody reads again.
_MEMORY: Final = Path("/dev/shm")
_MEMORY_BYTES_LEAST: Final = 8 * 1024**3

# Otherwise each worker compiles all tests anew, and each process that they start the package.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure(config: pytest.Config) -> None:
    """Have temporary files be in memory, if there is room, and somebody has not said where."""
    if "TMPDIR" not in os.environ and _is_roomy(_MEMORY):
        scratch = tempfile.TemporaryDirectory(prefix="p2p-tests-", dir=_MEMORY)
        config.add_cleanup(scratch.cleanup)
        # Some tests are of what other users may do.
        os.chmod(scratch.name, 0o1777)
        # Processes that tests start have it as well, and so have the workers.
        os.environ["TMPDIR"] = tempfile.tempdir = scratch.name


def _is_roomy(folder: Path) -> bool:
    """Return whether a folder has much room, and files in it can be run."""
    try:
        there = os.statvfs(folder)
    except OSError:
        return False
    is_roomy = there.f_bavail * there.f_frsize >= _MEMORY_BYTES_LEAST
    return is_roomy and not there.f_flag & os.ST_NOEXEC and os.access(folder, os.W_OK)


def pytest_collection_finish() -> None:
    """Let the collections of garbage behind each test not look through what was imported before."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _versions_read_once() -> Iterator[None]:
    """Let pytest not read before each test anew which Twisted there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.metadata, "version", cache(importlib.metadata.version))
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_history() -> Iterator[None]:
    """
    Let Twisted not keep the last 200 events for a log that is yet to begin.

    They keep alive what has logged them, such as whole networks with all their files.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(globalLogBeginner._initialBuffer, "_buffer", deque(maxlen=0))
        yield


@pytest.fixture(autouse=True, scope="session")
def _own_sockets() -> Iterator[None]:
    """Let peers that tests start not be found by this user's ``p2p``, and theirs not by tests."""
    with tempfile.TemporaryDirectory(prefix="p2p-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        yield


@pytest.fixture(scope="session")
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a path that is not there yet, time and again."""
    above = tmp_path_factory.mktemp("cwd")
    return (above / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_folder(_folders: Iterator[Path]) -> Iterator[None]:
    """Let what tests write to the working directory not land in the source's."""
    before, folder = Path.cwd(), next(_folders)
    folder.mkdir()
    os.chdir(folder)
    yield
    os.chdir(before)


@pytest.fixture(autouse=True)
def _nothing_critical(
    request: pytest.FixtureRequest, p2p_critical: list[LogEvent]
) -> Iterator[None]:
    """Fail every test after which the log has something critical that it did not expect."""
    yield
    if isinstance(request.instance, SynchronousTestCase):
        # Of failures, trial knows which the test has flushed, and reports the others itself.
        p2p_critical[:] = [event for event in p2p_critical if "log_failure" not in event]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """
    Fail every test that has left something of which the log has something critical to say.

    What nobody handled is logged when it is collected: so it is collected now, when it is known
    whose it is. What is still there then is looked through no more.
    """
    assert isinstance(item, pytest.Function)
    instance = item.instance
    try:
        yield
    finally:
        # What fixtures gave, pytest keeps until later, and what the test had, for ever: it was
        # made when tests were collected, and refers to itself.
        item.funcargs.clear()
        if instance is not None:
            vars(instance).clear()
        with nothing_critical():
            gc.collect()
            gc.freeze()
