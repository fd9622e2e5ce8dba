"""Write what is asked and said before a peer leaves, or a network is stopped."""

from collections.abc import Iterator, Sequence
from typing import Final

from p2p_twisted.console.download_lines import some_names
from p2p_twisted.console.rendering import name_list
from p2p_twisted.console.text import count
from p2p_twisted.download.progress import Paused, Progress
from p2p_twisted.peer.interface import Status, Topology
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.wire.names import PeerName, is_loopback

_FEW_PEERS: Final = 10
"""How many peers somebody may stop without being asked: those of one host by default."""

Uploads = Sequence[tuple[str, UploadProgress]]


def before_stop(topology: Topology, status: Status) -> str | None:
    """
    Write what to ask before a network is stopped.

    :returns: ``None`` if it is a small network of this host alone.
    """
    others = {record.peer for record in topology.peers} | set(topology.silent)
    others.discard(status.name)
    elsewhere = _on_other_hosts(others, status)
    if not elsewhere and len(others) < _FEW_PEERS:
        return None
    where = ", also those of other hosts" if elsewhere else ""
    return f"stop all {count(len(others) + 1, 'peer')} of the network{where}?"


def running_now(downloads: Sequence[Progress], uploads: Uploads) -> str | None:
    """Write what leaving would interrupt; ``None`` if nothing runs."""
    running = [each for each in downloads if not each.is_resting]
    fetching = _fetching(uploads)
    parts: list[str] = []
    if running:
        runs = "runs" if len(running) == 1 else "run"
        parts.append(f"{count(len(running), 'download')} {runs}: {_how_far(running)}")
    if fetching:
        fetch = "is fetching" if len(fetching) == 1 else "are fetching"
        parts.append(f"{name_list(fetching)} {fetch} from here")
    return "; ".join(parts) or None


def left_undone(
    downloads: Sequence[Progress], uploads: Uploads, has_next_run: bool = True
) -> Iterator[str]:
    """Write what is not complete when a peer leaves."""
    unfinished = [each for each in downloads if not each.is_ended]
    if unfinished:
        going = [each for each in unfinished if not isinstance(each.state, Paused)]
        goes = "it goes" if len(going) == 1 else "they go"
        goes_on = f"; {goes} on at the next start" if going else ""
        what_then = goes_on if has_next_run else ", and removed now"
        yield f"not complete: {_how_far(unfinished)}{what_then}"
    fetching = _fetching(uploads)
    if fetching:
        was = "was" if len(fetching) == 1 else "were"
        yield f"{name_list(fetching)} {was} fetching from here"


def _on_other_hosts(others: set[PeerName], status: Status) -> set[PeerName]:
    """Leave out the peers that are known to run on this host."""
    if status.address is None or is_loopback(status.address.host):
        return set()
    return others - {n.name for n in status.neighbors if n.host == status.address.host}


def _how_far(downloads: Sequence[Progress]) -> str:
    return some_names([f"{each.name} ({_state(each)})" for each in downloads])


def _state(progress: Progress) -> str:
    if isinstance(progress.state, Paused):
        # How much an earlier run has left of it is not looked at before it goes on.
        return "paused"
    return f"{int(100 * progress.received / progress.size) if progress.size else 0} %"


def _fetching(uploads: Uploads) -> list[PeerName]:
    return sorted({upload.requester for _name, upload in uploads})
