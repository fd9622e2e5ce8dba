"""A registry in memory."""

from random import Random
from typing import Any

from p2p_twisted.registry.liveness import Checker
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.store import IRegistryStore, MemoryStore
from tests.registry.builders import DATE, POLICY


def make_registry(
    reactor: Any, store: IRegistryStore | None = None, checker: Any = None
) -> Registry:
    """Make a registry; whatever is not given is real, but in memory."""
    return Registry(
        reactor,
        store or MemoryStore(),
        checker or Checker(reactor, "default"),
        policy=POLICY,
        rng=Random(1),
        date=lambda: DATE,
    )
