"""What must be so in every private network, beside what must be so in all."""

from collections.abc import Iterator
from typing import Final

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Saved
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.testing import invariants
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.private_daemons import PrivateDaemons

_REVOKED_SECONDS: Final = 2.0
_TRYING_SECONDS: Final = 30.0
_HANDSHAKE_BYTES: Final = 4_096
"""What a connection may carry to a peer that is refused: our certificates, and why."""


def nothing_in_the_clear(daemons: VirtualDaemons) -> Iterator[str]:
    """All that is on the wire is encrypted."""
    yield from _private(daemons).tap.clear


def revoked_are_cut(daemons: VirtualDaemons) -> Iterator[str]:
    """No peer keeps a connection with one of which it knows that it was revoked."""
    for name, part in _private(daemons).private.items():
        is_awake = daemons.network.processes[name].is_awake
        for connection, shown in part.security._open.items() if is_awake else ():
            if connection.is_open and part.security.revocations.is_revoked(shown):
                yield f"{name} goes on with {shown.identity.name}, which it knows to be revoked"


def same_revocations(daemons: VirtualDaemons) -> Iterator[str]:
    """All peers know of the same revocations."""
    digests = {part.security.revocations.digest() for part in _private(daemons).private.values()}
    if len(digests) > 1:
        yield f"there are {len(digests)} different lists of who is revoked"


def renewed_in_time(daemons: VirtualDaemons) -> Iterator[str]:
    """No peer has a certificate that is to be renewed."""
    for name, part in _private(daemons).private.items():
        shown = part.security.own
        if shown.is_due(daemons.wall()):
            yield f"the certificate of {name} is not renewed"


def all_are_in(daemons: VirtualDaemons) -> Iterator[str]:
    """Whoever was invited again is in again."""
    for name in sorted(path.name for path in daemons.folder.iterdir()):
        if (daemons.folder / name / ".p2p").is_dir() and name not in daemons.peers:
            yield f"{name} is not in again"


def revoked_get_nothing(daemons: VirtualDaemons) -> Iterator[str]:
    """Two seconds after a peer was revoked it has no link, and gets nothing but refusals."""
    world = _private(daemons)
    admin, name = world.admins[0], next(reversed(daemons.peers))
    daemons.result(Deferred.fromCoroutine(daemons.peers[admin].admin.revoke(name)))
    outcast = world.cast_out(name)
    daemons.run(_REVOKED_SECONDS)
    before = {reader: reader.total for reader in world.tap.to(name)}
    wanted = f"file {admin}"
    outcast.get(wanted, unwatched).addErrback(lambda _failure: None)
    daemons.run(_TRYING_SECONDS)
    most = max(reader.total - before.get(reader, 0) for reader in world.tap.to(name))
    status = outcast.status()
    if status.neighbors or status.registered:
        yield f"{name} is revoked, and has {len(status.neighbors)} links"
    if most > _HANDSHAKE_BYTES:
        yield f"{name} is revoked, and gets {most} bytes"
    if any(isinstance(each.state, Saved) and each.name == wanted for each in outcast.transfers()):
        yield f"{name} is revoked, and has downloaded {wanted}"


LASTING: Final = (nothing_in_the_clear, revoked_are_cut, *invariants.LASTING)
SETTLED: Final = (
    all_are_in,
    same_revocations,
    *invariants.SETTLED,
    renewed_in_time,
    revoked_get_nothing,
)


def _private(daemons: VirtualDaemons) -> PrivateDaemons:
    assert isinstance(daemons, PrivateDaemons)
    return daemons
