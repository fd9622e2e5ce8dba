"""Settings of a peer."""

import os
from pathlib import Path, PurePath
from typing import Final

from attrs import field, frozen

from p2p_twisted.bandwidth.rates import Rates, Slots
from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.peer.stop_rule import StopRule
from p2p_twisted.registry import limits
from p2p_twisted.wire.names import NetworkName, PeerName

STATE_DIRECTORY: Final = ".p2p"

_GROUP: Final = "@"


def group_of(share: str) -> str | None:
    """Return the group that a directory is shared with alone; ``None`` where it is with all."""
    return share.removeprefix(_GROUP) if share.startswith(_GROUP) else None


def folder_of(share: str) -> str:
    """Return the folder in which others find what is in a directory that is shared."""
    return share.removeprefix(_GROUP)


@frozen
class Settings:
    """
    One peer's settings.

    :ivar directory: what it shares.
    :ivar state: where it keeps its own files; ``.p2p`` in what it shares by default.
    :ivar own_files: others of its files, such as its log, which are not shared wherever they lie.
    :ivar downloads: where downloads land.
    :ivar shares: other directories that it shares, each in a folder of that name; ``@lab`` in
        one that is called ``lab``, with that group of a private network alone.
    :ivar interface: the IP address to listen on, and to dial from.
    :ivar is_guessed: whether nobody named the interface, so that it may be another one later.
    :ivar registries: where the registries listen, of which any will do.
    :ivar advertise: the host that others are to dial, where it is not the one
        that the registry sees.
    :ivar rates: the most that it sends and receives; may be changed while it runs.
    :ivar given_rates: the directions of these that are not to be as in the last run.
    :ivar at_once: how many files it sends and receives at a time.
    :ivar relay: how many bytes a second it relays for others; 0 for none, ``None`` for a share of
        what it sends.
    :ivar reshares: whether others may have what it has downloaded.
    :ivar stop: whose ``Stop`` ends it, too; ``None`` for what is usual in its network.
    :ivar accept: whose offers it takes.
    :ivar keeps_times: whether what it downloads has the time of its original.
    :ivar has_next_run: whether downloads that are not complete at its end go on then.
    """

    name: PeerName
    directory: Path
    downloads: Path
    network: NetworkName = "default"
    interface: str = "127.0.0.1"
    registries: tuple[tuple[str, int], ...] = (("127.0.0.1", limits.REGISTRY_PORT),)
    advertise: str | None = None
    rates: Rates = field(factory=Rates)
    given_rates: frozenset[str] = frozenset()
    at_once: Slots = field(factory=Slots)
    relay: int | None = None
    reshares: bool = False
    keeps_times: bool = True
    has_next_run: bool = True
    is_guessed: bool = False
    state: Path = field()
    own_files: tuple[Path, ...] = ()
    shares: tuple[tuple[str, Path], ...] = ()
    stop: StopRule | None = None
    accept: AcceptRule = field(factory=AcceptRule)

    @state.default
    def _state_below(self) -> Path:
        return self.directory / STATE_DIRECTORY

    @property
    def own_names(self) -> frozenset[str]:
        """The names of ``own_files``, below what it shares, of those that lie there."""
        top = os.path.abspath(self.directory)
        paths = (PurePath(os.path.abspath(path)) for path in self.own_files)
        return frozenset(
            path.relative_to(top).as_posix() for path in paths if path.is_relative_to(top)
        )

    @property
    def relays_for_all(self) -> bool:
        """Whether its owner has said that it is to relay, and so not for its neighbors alone."""
        return bool(self.relay)

    @property
    def host(self) -> str:
        """The host under which others reach the peer: the interface, unless one is advertised."""
        return self.advertise or self.interface
