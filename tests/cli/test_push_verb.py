"""``p2p push`` and its like: what they ask for, and what they write."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from p2p_twisted.cli import push_verb
from p2p_twisted.cli.following import event_text
from p2p_twisted.cli.peer_client import CommandFailed
from p2p_twisted.cli.shown_pushes import board_of, push_of
from p2p_twisted.console.push_lines import board_lines, counts_text, push_lines, pushed_line
from p2p_twisted.runtime.exit_status import Exit
from tests.cli.fake_pushes import Client, Time, board, offer, run


@pytest.fixture
def client(tmp_path: Path) -> Client:
    (tmp_path / "s2").mkdir()
    (tmp_path / "s2" / "lesson.tar").write_text("a lesson")
    return Client(tmp_path / "s2")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    clock = Time()
    monkeypatch.setattr(push_verb, "time", clock)
    return clock


def test_push(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """What is shared already is pushed by its name, to whom and for how long as was said."""
    path = str(client.directory / "lesson.tar")
    words = ("push", path, "--to", "Anna,ben", "--to=@Lab", "--for", "2h", "--into", "papers/")
    assert run(client, *words) == Exit.DONE
    told = {"name": "lesson.tar", "to": ["anna", "ben", "@lab"], "into": "papers", "seconds": 7_200}
    assert client.asked == [("POST", "/v1/offers", told)]
    assert capsys.readouterr().out == f"{pushed_line(push_of(offer()), 'p2p --peer s2 pushes 1')}\n"
    run(client, "push", "lesson.tar", "photos", "--to", "@all", "--json")
    bodies = [{"name": name, "to": ["@all"]} for name in ("lesson.tar", "photos")]
    assert client.asked[1:] == [("POST", "/v1/offers", body) for body in bodies]
    assert [each["number"] for each in json.loads(capsys.readouterr().out)["offers"]] == [1, 1]


def test_absent(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is not here is told, and whom that may mean; who is silent is called so, too."""
    words = ("push", "lesson.tar", "--to", "ana,zoe,mute,ben", "--to", "@lab")
    assert run(client, *words) == Exit.DONE
    _pushed, *said = capsys.readouterr().out.splitlines()
    assert said == [
        "nobody is called ana now: who comes by that name gets it then; did you mean anna?",
        "nobody is called zoe now: who comes by that name gets it then",
    ]
    run(client, *words, "--json")
    assert json.loads(capsys.readouterr().out)["absent"] == ["ana", "zoe"]
    client.there = CommandFailed(Exit.NO_NETWORK, "this peer is alone")
    assert run(client, *words) == Exit.DONE
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_other_directories(client: Client, tmp_path: Path) -> None:
    """So is what is in another directory that the peer shares, by its name there."""
    (tmp_path / "data" / "2026").mkdir(parents=True)
    client.shares = [{"name": "@lab", "path": str(tmp_path / "data")}]
    run(client, "push", str(tmp_path / "data" / "2026"), "--to", "@lab")
    assert client.asked[0][2]["name"] == "lab/2026"


def test_downloads(client: Client) -> None:
    """What was downloaded is copied first, unless the peer shares its downloads, too."""
    (client.directory / "Downloads").mkdir()
    (client.directory / "Downloads" / "notes.txt").write_text("some notes")
    path = str(client.directory / "Downloads" / "notes.txt")
    client.reshared = 1
    run(client, "push", path, "--to", "@all")
    assert not (client.directory / "notes.txt").exists()
    client.reshared = None
    run(client, "push", path, "--to", "@all")
    assert (client.directory / "notes.txt").read_text() == "some notes"
    assert [asked[2]["name"] for asked in client.asked] == ["notes.txt"] * 2


def test_what_stays(client: Client, tmp_path: Path) -> None:
    """Where something cannot be pushed, what was copied and pushed before is named."""
    (tmp_path / "new file").write_text("new")
    client.lost = "new file"
    stays = "no new file; .* --peer s2 unshare 'new file' ends that; .* s2 unpush 1 ends that$"
    with pytest.raises(CommandFailed, match=stays):
        run(client, "push", "lesson.tar", str(tmp_path / "new file"), "--to", "@all")


def test_late_fault(client: Client) -> None:
    """That it cannot be pushed may be told late; so may it that the peer has ended."""
    fault = {"message": "it is gone", "exit": 4, "code": "not_found", "hits": []}
    client.steps = [
        {"hashed": 50, "offer": None, "error": None},
        {"hashed": None, "offer": None, "error": fault},
    ]
    gone = "it is gone; nor is there such a file in this directory"
    with pytest.raises(CommandFailed, match=gone) as failed:
        run(client, "push", "lesson.tar", "--to", "@all")
    assert failed.value.code == Exit.NOT_FOUND
    del client.steps[1]
    with pytest.raises(CommandFailed, match="s2 has ended"):
        run(client, "push", "lesson.tar", "--to", "@all")


def test_no_path(client: Client, tmp_path: Path) -> None:
    """What can only be a path, and is none, is told before anything is copied."""
    (tmp_path / "there").write_text("new")
    with pytest.raises(CommandFailed, match=r"there is no \./lesson"):
        run(client, "push", str(tmp_path / "there"), "./lesson", "--to", "@all")
    assert (client.asked, client.shares) == ([], [])


def test_to_nobody(client: Client, tmp_path: Path) -> None:
    """Where there are no groups, or it is for the peer itself, nothing is copied either."""
    (tmp_path / "new file").write_text("new")
    client.certificate = None
    for to, why in (("@lab", "^groups such as @lab are of private"), ("s2", "this peer itself")):
        with pytest.raises(CommandFailed, match=why) as failed:
            run(client, "push", str(tmp_path / "new file"), "--to", to)
        assert failed.value.code == Exit.USAGE
    assert not (client.directory / "new file").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--to", "a_b"),
        ("--to", "ben,all"),
        ("--to", ","),
        (),
        ("--to", "a", "--for", "31d"),
        ("--into", "../x"),
    ],
)
def test_misused(client: Client, words: tuple[str, ...]) -> None:
    """What may not be is told before anything is asked."""
    with pytest.raises(SystemExit) as ended:
        run(client, "push", "lesson.tar", *words)
    assert (ended.value.code, client.asked) == (Exit.USAGE, [])


def test_wait(client: Client, clock: Time, capsys: pytest.CaptureFixture[str]) -> None:
    """It is looked as often as is of use, each change is told, and the end is on the output."""
    boards = [board(0, 2), board(0, 2), board(1, 1, look_again=2.0), board(2, 0)]
    client.boards = [*boards]
    assert run(client, "push", "lesson.tar", "--to", "@all", "--wait") == Exit.DONE
    assert clock.slept == [4.0, 4.0, 2.0]
    told = capsys.readouterr()
    changes = [f"lesson.tar: {counts_text(board_of(each))}" for each in boards[1:]]
    assert told.err.splitlines() == changes
    assert told.out.splitlines()[1:] == board_lines(board_of(boards[-1]))


def test_ends(client: Client, clock: Time, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status tells whether all have it, some have not, or the time was over."""
    some = board(1, 0, have_all=False)
    late, over = board(1, 1), board(1, 1, of=offer(is_over=True))
    words = ("pushes", "1", "--wait", "--json")
    for shown, status in ((board(2, 0), 0), (some, 10), (over, 10)):
        client.boards = [shown]
        assert run(client, *words) == status
    client.boards = [late]
    assert run(client, *words[:2], "--timeout", "10s", "--json") == Exit.UNFINISHED
    # The last one tells what is new.
    assert clock.slept == [4.0, 6.0]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1] == {"end": {"exit": 6, "boards": [late]}}
    assert [next(iter(each)) for each in lines[-4:]] == ["board"] * 3 + ["end"]


def test_hashed_too_late(client: Client, clock: Time) -> None:
    """The time to wait begins before it is hashed; what is not by then is not pushed."""
    step = {"hashed": 40, "offer": None, "error": None}

    def steps() -> Iterator[Any]:
        for seconds in (5, 10, 99):
            clock.now = seconds
            yield step

    client.steps = steps()
    path = str(client.directory / "lesson.tar")
    with pytest.raises(CommandFailed, match=r"still being hashed \(40 %\)") as failed:
        run(client, "push", path, "--to", "@all", "--timeout", "10s")
    assert (failed.value.code, clock.now) == (Exit.UNFINISHED, 10)


def test_ended(client: Client, clock: Time, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is ended meanwhile is over, as far as it had come."""

    def gone(_path: str) -> Any:
        raise CommandFailed(Exit.NOT_FOUND, "there is no push 1")

    client.boards = [board(1, 1), gone]
    assert run(client, "pushes", "1", "--wait") == Exit.SOME_FAILED
    assert "1 of 2 have it, 1 fetching" in capsys.readouterr().out
    with pytest.raises(CommandFailed, match="there is no push 1"):
        run(client, "pushes", "1", "--wait")


def test_several(client: Client, clock: Time, capsys: pytest.CaptureFixture[str]) -> None:
    """Of several, those are looked at that are not done."""

    def look(path: str) -> Any:
        number = int(path.rpartition("/")[2])
        return board(1, int(number > clock.now // 4), of=offer(number))

    client.boards = [look]
    assert run(client, "pushes", "1-3", "--wait") == Exit.DONE
    looks = [int(path[-1]) for path in client.asked]
    assert looks == [1, 2, 3, 1, 2, 3, 2, 3, 3]
    assert capsys.readouterr().out.count("1 of 1 have it") == 3


def test_interrupted(client: Client, clock: Time, capsys: pytest.CaptureFixture[str]) -> None:
    """The push goes on, and what shows and ends it is told."""
    client.boards = [board(0, 1)]
    clock.interrupts = True
    p2p = "p2p --peer s2"
    for words, said in (
        (("push", "x", "--to", "@all"), f"push goes on: {p2p} pushes 1 shows how, {p2p} unpush 1"),
        (("pushes", "1", "2"), f"pushes go on: {p2p} pushes 1 2 shows how"),
    ):
        with pytest.raises(KeyboardInterrupt):
            run(client, *words, "--wait")
        assert capsys.readouterr().err.splitlines()[-1].removesuffix(" ends it") == f"the {said}"


def test_list(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """All, or one as it stands now."""
    assert run(client, "pushes") == Exit.DONE
    shown = [push_of(offer()), push_of(offer(2, state="asked", sender="s4"))]
    assert capsys.readouterr().out.splitlines() == [*push_lines(shown)]
    client.boards = [board(0, 1)]
    run(client, "pushes", "1")
    assert capsys.readouterr().out.splitlines() == board_lines(board_of(board(0, 1)))
    with pytest.raises(CommandFailed, match="say which to wait for"):
        run(client, "pushes", "--wait")


def test_event() -> None:
    """What is pushed is an event, too."""
    event = {"kind": "offer", "at": 0.0, "offer": offer(2, state="asked", sender="s4")}
    assert event_text(event) == "2  lesson.tar  2.0 KiB  from s4  asked"
