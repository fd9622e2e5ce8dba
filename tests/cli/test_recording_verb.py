"""Recordings that ``p2p events`` makes, and tells."""

import argparse
import contextlib
import errno
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from p2p_twisted.api.event_views import EventView, WarningView
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.cli.recording_verb import events, tell_recorded
from p2p_twisted.recording.recorded_run import read_run
from p2p_twisted.recording.recorded_views import SnapshotView
from p2p_twisted.recording.recording_file import RecordingFile
from tests.recording.builders import events as some_events
from tests.recording.builders import member, peers, recorded

TOPOLOGY = {
    "peers": [{"name": "anna", "neighbors": ["ben"]}, {"name": "ben", "neighbors": ["anna"]}],
    "silent": ["carl"],
}


class Client:
    """A daemon that tells some events; who asks before these have begun would miss some."""

    def __init__(self, kind: str, *told: EventView) -> None:
        self.kind = kind
        self.told = told
        self.has_begun = False

    def get(self, path: str, **query: str) -> Any:
        assert self.has_begun
        name = {"name": "anna", "registered": True} if self.kind == "peer" else {}
        status = {"kind": self.kind, "network": "our-lab", "version": "1.0", **name}
        listed = [json.loads(member(name).encoded()) for name in ("anna", "ben")]
        after = {"": ([listed[0]], "anna"), "anna": ([listed[1]], None)}
        some, following = after[query.get("after", "")]
        return {
            "/v1/status": status,
            "/v1/topology": TOPOLOGY,
            "/v1/transfers": {"downloads": [], "uploads": []},
            "/v1/members": {"members": some, "next": following},
        }[path]

    def events(self, path: str, begun: Callable[[], None]) -> Iterator[Any]:
        assert path == "/v1/events?network=true"
        self.has_begun = True
        begun()
        for event in self.told:
            yield json.loads(event.encoded())
        yield {"kind": "what later versions tell", "at": 1.0, "whom": "anna"}
        yield {"kind": "warning"}


def options(**given: Any) -> argparse.Namespace:
    usual = {"save": None, "source": None, "anonymous": False, "json": False, "after": None}
    return argparse.Namespace(**{**usual, "peer": None, "of_registry": None, **given})


def run(client: Client, **given: Any) -> str:
    """Run it; return what it writes."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert events(cast(PeerClient, client), options(**given)) == 0
    return printed.getvalue()


def told_from(path: Path, **given: Any) -> str:
    """Tell what is in a file; return what is written."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert tell_recorded(options(source=str(path), **given)) == 0
    return printed.getvalue()


def test_saves(tmp_path: Path) -> None:
    """What a peer tells, behind how things stood, in a file of one's own."""
    path = tmp_path / "saved"
    assert run(Client("peer", *some_events()), save=str(path)) == ""
    found = read_run(path)
    assert (found.header.name, found.header.network, found.damaged) == ("anna", "our-lab", 0)
    first, *rest = found.piece(found._starts[0].offset).events
    assert isinstance(first, SnapshotView)
    assert {each.name for each in first.peers} == {"anna", "ben"}
    assert (first.silent, first.registered) == (("carl",), True)
    assert rest == some_events()
    assert path.stat().st_mode & 0o777 == 0o600


def test_says_that_it_records(tmp_path: Path) -> None:
    """Whoever waits before a terminal reads how to end it, and then what to do with it."""

    class Ended(Client):
        def events(self, path: str, begun: Callable[[], None]) -> Iterator[Any]:
            yield from super().events(path, begun) if self.told else ()
            raise KeyboardInterrupt

    path = str(tmp_path / "a week")
    with contextlib.redirect_stderr(io.StringIO()) as written, pytest.raises(KeyboardInterrupt):
        run(Ended("peer", *some_events()), save=path)
    with contextlib.redirect_stderr(io.StringIO()) as early, pytest.raises(KeyboardInterrupt):
        run(Ended("peer"), save=str(tmp_path / "early"))
    assert early.getvalue() == ""
    said = f"recording what happens in {path}, until Ctrl-C\n\np2p replay '{path}' plays it\n"
    assert written.getvalue() == said


def test_saves_registry(tmp_path: Path) -> None:
    """So of a registry: all that are in, however many that are."""
    path = tmp_path / "saved"
    run(Client("registry"), save=str(path))
    state, _offset = read_run(path).seek(1e12)
    assert list(state.members) == ["anna", "ben"]


def test_replaces_nothing(tmp_path: Path) -> None:
    """What is there stays, and nobody is asked."""
    path = tmp_path / "notes"
    path.write_text("mine")
    client = Client("peer")
    with pytest.raises(CommandFailed, match="is there already: name a new file"):
        run(client, save=str(path))
    assert (path.read_text(), client.has_begun) == ("mine", False)


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes no more ends it with a sentence."""

    def refuse(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(CommandFailed, match="missing/file: there is no such file or directory"):
        run(Client("peer"), save=str(tmp_path / "missing" / "file"))
    monkeypatch.setattr(RecordingFile, "write", refuse)
    with pytest.raises(CommandFailed, match=r"nothing more is recorded: .*: the disk is full"):
        run(Client("peer"), save=str(tmp_path / "file"))


def test_anonymous(tmp_path: Path) -> None:
    """Neither what stood nor what happens names anybody, in a file or on the screen."""
    told = peers(1.0, went="ben", silent="ben carl", anna="")
    path = tmp_path / "saved"
    run(Client("peer", told), save=str(path), anonymous=True)
    shown = run(Client("peer", told), anonymous=True)
    assert shown.split(" ", 1)[1] == "peers -peer-2, 1 peer linked anew, 2 peers silent (1 peer)\n"
    for text in (path.read_text(), shown):
        assert not any(name in text for name in ("anna", "ben", "carl", "our-lab"))
    assert read_run(path).header.anonymous


def test_from(tmp_path: Path) -> None:
    """What is in a file is told as it is told when it happens."""
    path = tmp_path / "recorded"
    path.write_bytes(recorded(*some_events()))
    lines = told_from(path).splitlines()
    assert len(lines) == len(some_events())
    assert lines[-1].endswith("warning the disk is full")
    assert json.loads(told_from(path, json=True).splitlines()[-1])["text"] == "the disk is full"


def test_from_to_anonymous(tmp_path: Path) -> None:
    """A sentence names nobody, though it is told only later who that is; all else is the same."""
    happened = [WarningView(at=1.0, text="the link with disk broke"), peers(2.0, "disk", disk="")]
    source, made = tmp_path / "recorded", tmp_path / "made"
    source.write_bytes(recorded(*happened))
    assert told_from(source, save=str(made), anonymous=True) == ""
    assert "disk" not in made.read_text()
    assert "the link with peer-2 broke" in made.read_text()
    assert read_run(made).events == read_run(source).events


@pytest.mark.parametrize("given", [{"after": 1}, {"peer": "s1"}, {"of_registry": ""}])
def test_from_alone(tmp_path: Path, given: dict[str, Any]) -> None:
    """It is a file, and no daemon's."""
    with pytest.raises(CommandFailed, match="--from is a file"):
        told_from(tmp_path / "x", **given)


def test_from_what_is_none(tmp_path: Path) -> None:
    """What is no recording is refused, and nothing is made of it."""
    path = tmp_path / "notes"
    path.write_text("mine\n")
    with pytest.raises(CommandFailed, match="is no recording"):
        told_from(path, save=str(tmp_path / "made"))
    assert not (tmp_path / "made").exists()
