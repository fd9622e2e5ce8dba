"""Read how downloads stand from what a peer answers, and show it as at the console."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final, TextIO

from p2p_twisted.console.progress_line import running_line
from p2p_twisted.download.progress import (
    Checking,
    Contribution,
    Copying,
    Hashing,
    Progress,
    Queued,
    Receiving,
    Saving,
    Seeking,
    State,
)
from p2p_twisted.wire.names import PeerAddress
from p2p_twisted.wire.reaching import DIRECT

_USUAL_CELLS: Final = 80
"""Of a terminal that does not say how wide it is."""
_PLAIN: Final[Mapping[str, State]] = {
    "queued": Queued(),
    "checking": Checking(),
    "copying": Copying(),
    "saving": Saving(),
}


def shown_progress(downloads: Iterable[Mapping[str, Any]], terminal: TextIO) -> str:
    """Write the progress of what runs in one line that the terminal does not break."""
    running = [progress_of(each) for each in downloads if not each["is_resting"]]
    columns = os.get_terminal_size(terminal.fileno()).columns or _USUAL_CELLS
    # A character in the last cell would have some terminals begin another line.
    return running_line(running, columns - 1) if running else ""


def progress_of(download: Mapping[str, Any]) -> Progress:
    """Read how a download stands that runs."""
    return Progress(
        number=download["number"],
        name=download["name"],
        file_id=download["id"],
        size=download["size"],
        received=download["received"],
        files=download["files"],
        state=_state(download),
    )


def _state(download: Mapping[str, Any]) -> State:
    # Peers of earlier versions do not tell.
    if (hashing := download.get("hashing")) is not None:
        return Hashing(hashing["peer"], hashing["percent"], hashing["is_growing"])
    if download["state"] == "receiving":
        holders = (
            Contribution(each["peer"], each["received"], each["rate"], each.get("how", DIRECT))
            for each in download["holders"]
        )
        return Receiving(download["rate"] or 0.0, download["seconds_left"], tuple(holders))
    unreachable = (PeerAddress(**each) for each in download["unreachable"])
    return _PLAIN.get(download["state"]) or Seeking(tuple(unreachable))
