"""The options of a daemon that records what happens to it."""

from collections.abc import Callable
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from twisted.application.service import MultiService
from twisted.python.usage import UsageError
from typing_extensions import override

from p2p_twisted import __version__
from p2p_twisted.api.web_option import WebOptions
from p2p_twisted.bandwidth.rates import BadRate, read_rate, written
from p2p_twisted.recording.limits import RECORDING_BYTES, RECORDING_LEAST_BYTES
from p2p_twisted.recording.recording_file import RecordingFile, check_recordable, earlier
from p2p_twisted.runtime.lone_option import refuse_alone
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.threads import WorkerPool
from p2p_twisted.runtime.twistd import WorkerService, expanded

if TYPE_CHECKING:
    from p2p_twisted.api.event_stream import Tell

_USUAL: Final = written(RECORDING_BYTES)


class Recorded(Protocol):
    """What can be recorded."""

    def record(self, tell: "Tell") -> Callable[[], None]:
        """Tell all that happens from now on; return what ends that."""


class EventOptions(WebOptions):
    """Options of a daemon that can be recorded."""

    optParameters = [
        ["events", None, None, "Record what happens in this file, for p2p replay."],
        [
            "events-size",
            None,
            _USUAL,
            "How much of that to keep: 100M, 2G; what is older is in FILE.1, and then removed.",
        ],
    ]

    @override
    def postOptions(self) -> None:
        self["events-size"] = _size(self["events-size"])
        if (path := self["events"]) is not None:
            self["events"] = path = expanded("events", path).absolute()
            try:
                check_recordable(path)
            except OSError as error:
                raise UsageError(f"--events: {in_words(error)}") from None
        else:
            refuse_alone("events-size", "events")
        super().postOptions()

    def event_files(self) -> tuple[Path, ...]:
        """List the files of the recording."""
        return () if (path := self["events"]) is None else (path, earlier(path))

    def add_recording(
        self, daemon: MultiService, reactor: Any, of: Literal["peer", "registry"], api: Recorded
    ) -> None:
        """Have what happens recorded, if that is wanted; from before other services start."""
        if self["events"] is None:
            return
        # Not earlier: it would slow every start, and take memory, for what few have.
        from p2p_twisted.recording.event_log import EventLog
        from p2p_twisted.recording.recorded_views import RecordingView
        from p2p_twisted.recording.recorder import Recorder

        pool = WorkerPool(reactor, f"{self.stem()}-events", threads=1)
        WorkerService(reactor, pool).setServiceParent(daemon)
        network = self["network"]
        name = self["name"] if of == "peer" else network
        header = RecordingView(at=0.0, of=of, name=name, network=network, version=__version__)
        EventLog(
            reactor,
            api.record,
            recorder=Recorder(header),
            file=RecordingFile(self["events"]),
            most=self["events-size"],
            offload=pool,
            date=time,
        ).setServiceParent(daemon)


def _size(text: str | int) -> int:
    try:
        size = read_rate(str(text))
    except BadRate:
        size = 0
    if not size or size < RECORDING_LEAST_BYTES:
        raise UsageError(
            f"--events-size takes a size such as {_USUAL} or 2G, {written(RECORDING_LEAST_BYTES)}"
            f" at least, not {text!r}"
        )
    return size
