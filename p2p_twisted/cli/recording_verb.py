"""``p2p events`` with ``--save``, ``--from`` or ``--anonymous``: make recordings, or tell one."""

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from p2p_twisted.api.event_views import EventView
from p2p_twisted.cli import following
from p2p_twisted.cli.answers import complain
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.recording.anonymizer import Anonymizer
from p2p_twisted.recording.recorded_run import RecordedRun, Unplayable, read_run
from p2p_twisted.recording.recorded_state import RecordedState
from p2p_twisted.recording.recorded_views import (
    DamagedRecording,
    RecordingView,
    SnapshotView,
    event_of,
)
from p2p_twisted.recording.recorder import Recorder
from p2p_twisted.recording.recording_file import RecordingFile
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words

_EVENTS: Final = "/v1/events?network=true"

Replaced = Callable[[EventView], EventView]


def events(client: PeerClient, options: argparse.Namespace) -> int:
    """Write what happens, or record it, until somebody ends it."""
    if options.save is None and not options.anonymous:
        return following.events(client, options)
    return record(client, options)


def record(client: PeerClient, options: argparse.Namespace) -> int:
    """
    Record what happens to a daemon until somebody ends it; or tell it with other names.

    :raises CommandFailed: when the file cannot be written, or the daemon gives no answer.
    """
    if options.after is not None:
        raise CommandFailed(Exit.USAGE, "--save and --anonymous begin now: leave --after away")
    replaced = _replacing(options)
    with _written(options) as write:
        recorder: Recorder | None = None

        def begin() -> None:
            nonlocal recorder
            at = time.time()
            recorder = Recorder(*_stand(client, at, replaced))
            write(recorder.begin(at))
            if options.save is not None:
                complain(f"recording what happens in {options.save}, until Ctrl-C")

        try:
            for told in client.events(_EVENTS, begin):
                if recorder is not None and (event := _understood(told)) is not None:
                    write(recorder.add(replaced(event)))
        except KeyboardInterrupt:
            if options.save is not None and recorder is not None:
                # Behind the ^C that the terminal shows.
                complain(f"\np2p replay {shlex.quote(options.save)} plays it")
            raise
    return Exit.DONE


def _understood(told: Any) -> EventView | None:
    """Read an event; nothing of a later version's: whose names are in it is not known."""
    with suppress(DamagedRecording):
        return event_of(told)
    return None


def tell_recorded(options: argparse.Namespace) -> int:
    """
    Tell what is in a recording, or write another one with other names.

    :raises CommandFailed: when it cannot be read, or the other one not be written.
    """
    if options.after is not None or options.peer or options.of_registry is not None:
        raise CommandFailed(
            Exit.USAGE, "--from is a file: leave --peer, --of-registry and --after away"
        )
    path = Path(options.source)
    try:
        run = read_run(path)
    except (Unplayable, OSError) as error:
        raise CommandFailed(Exit.DISK, in_words(error)) from None
    try:
        replaced = _replacing(options)
        if options.anonymous:
            # What a sentence names may be told of only later.
            for event in _all(run):
                replaced(event)
        with _written(options) as write:
            for event in _all(run):
                write(replaced(event).encoded() + b"\n")
    finally:
        run.close()
    if run.damaged:
        sys.stderr.write(f"{run.damaged:,} lines are none of a recording, and left out\n")
    return Exit.DONE


def _all(run: RecordedRun) -> Iterator[EventView]:
    following: int | None = 0
    while following is not None:
        piece = run.piece(following)
        yield from piece.events
        following = piece.next


def _replacing(options: argparse.Namespace) -> Replaced:
    return Anonymizer().replaced if options.anonymous else lambda event: event


@contextmanager
def _written(options: argparse.Namespace) -> Iterator[Callable[[bytes], None]]:
    """
    Write lines to a new file, or tell people what they say.

    :raises CommandFailed: when the file cannot be written.
    """
    if options.save is None:
        yield lambda lines: _say(lines, options.json)
        return
    path = Path(options.save)
    file = RecordingFile(path, is_new=True)
    try:
        file.open()
        yield file.write
    except FileExistsError:
        raise CommandFailed(Exit.CONFLICT, f"{path} is there already: name a new file") from None
    except OSError as error:
        why = in_words(OSError(error.errno, error.strerror, str(path)))
        raise CommandFailed(Exit.DISK, f"nothing more is recorded: {why}") from None
    finally:
        file.close()


def _say(lines: bytes, wants_json: bool) -> None:
    for line in lines.splitlines():
        told = json.loads(line)
        if told["kind"] not in ("recording", "snapshot"):
            following.say_event(told, wants_json)


def _stand(
    client: PeerClient, at: float, replaced: Replaced
) -> tuple[RecordingView, RecordedState]:
    """
    Ask a daemon what it is, and how things stand.

    :raises CommandFailed: when it gives no answer.
    """
    status = client.get("/v1/status")
    of, stood = status["kind"], dict[str, Any]()
    if of == "registry":
        stood["members"] = [*_members(client)]
    else:
        stood |= {"registered": status["registered"], **client.get("/v1/transfers")}
        # There may be no network yet.
        with suppress(CommandFailed):
            topology = client.get("/v1/topology")
            stood |= {"peers": topology["peers"], "silent": topology["silent"]}
    snapshot = event_of({"kind": "snapshot", "at": at, "part": 0, "parts": 1, **stood})
    assert isinstance(snapshot, SnapshotView)
    header = replaced(
        RecordingView(
            at=at,
            of=of,
            name=status.get("name") or status["network"],
            network=status["network"],
            version=status["version"],
        )
    )
    assert isinstance(header, RecordingView)
    state = RecordedState()
    state.take(replaced(snapshot))
    return header, state


def _members(client: PeerClient) -> Iterator[Any]:
    following: str | None = ""
    while following is not None:
        answer = client.get("/v1/members", after=following)
        yield from answer["members"]
        following = answer["next"]
