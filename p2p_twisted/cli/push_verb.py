"""``p2p push`` and its like: give files to others, and see how they get them."""

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from math import inf
from pathlib import Path
from typing import Any

from p2p_twisted.cli.answers import say, say_json, say_lines
from p2p_twisted.cli.board_display import BoardDisplay
from p2p_twisted.cli.own_files import told
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient, failure_of
from p2p_twisted.cli.pushed_paths import check_is_there, shared_name
from p2p_twisted.cli.show import width
from p2p_twisted.cli.shown_pushes import board_of, push_of
from p2p_twisted.console.push_lines import (
    absent_lines,
    board_lines,
    going_on,
    push_lines,
    pushed_line,
)
from p2p_twisted.console.text import shown_name
from p2p_twisted.offers.next_look import next_look_in
from p2p_twisted.runtime.exit_status import Exit


def push(client: PeerClient, options: argparse.Namespace) -> int:
    """
    Push files and folders to others, and wait for them if asked to.

    :raises CommandFailed: when something that is named is wrong, or cannot be pushed.
    """
    ends = _end_of(options)
    copied: list[str] = []
    pushed: list[Any] = []
    # Before anything is copied or pushed.
    for text in options.paths:
        check_is_there(text)
    _check_recipients(client, options.to)
    try:
        names = [shared_name(client, text, copied) for text in options.paths]
        pushed.extend(_pushed(client, options, name, ends) for name in names)
    except CommandFailed as failed:
        raise CommandFailed(
            failed.code, _what_stays(client, failed, copied, pushed), failed.fault
        ) from None
    lines = [
        pushed_line(push_of(each), client.typed(f"pushes {each['number']}")) for each in pushed
    ]
    there = _there(client, options.to)
    lines += absent_lines(options.to, there)
    if not options.wait:
        absent = [each for each in options.to if not (each.startswith("@") or each in there)]
        return say(options, {"offers": pushed, "absent": absent}, lambda _answer: lines)
    if not options.json:
        say_lines(lines, at_once=True)
    return _wait(client, options, [each["number"] for each in pushed], ends)


def _check_recipients(client: PeerClient, to: Sequence[str]) -> None:
    """
    Check whom something is for, as the peer does itself.

    :raises CommandFailed: when that is nobody, such as a group where there are none.
    """
    # What knows names takes long to import.
    from p2p_twisted.offers.offer import read_recipients

    status = client.get("/v1/status")
    try:
        read_recipients(to, status["name"], has_groups=status["certificate"] is not None)
    except ValueError as error:
        raise CommandFailed(Exit.USAGE, str(error)) from None


def _there(client: PeerClient, to: Sequence[str]) -> list[str]:
    """Return those that are in the network; all that are named, where nobody needs to be asked."""
    if all(each.startswith("@") for each in to):
        return list(to)
    try:
        topology = client.get("/v1/topology")
    except CommandFailed:
        # It is pushed, and how it goes says the rest.
        return list(to)
    return [*(each["name"] for each in topology["peers"]), *topology["silent"]]


def _end_of(options: argparse.Namespace) -> float:
    """Return until when to wait, on the monotonic clock; who says for how long means to wait."""
    if options.timeout is None:
        return inf
    options.wait = True
    return time.monotonic() + float(options.timeout)


def _what_stays(
    client: PeerClient, failed: CommandFailed, copied: list[str], pushed: list[Any]
) -> str:
    """Say why something is not pushed, and what has become of all that was done before."""
    why = [str(failed)]
    if copied:
        names = " ".join(map(shlex.quote, copied))
        why.append(
            f"what was copied for it stays shared: {client.typed(f'unshare {names}')} ends that"
        )
    if pushed:
        numbers = " ".join(str(each["number"]) for each in pushed)
        why.append(
            f"what was named before it is pushed: {client.typed(f'unpush {numbers}')} ends that"
        )
    return "; ".join(why)


def pushes(client: PeerClient, options: argparse.Namespace) -> int:
    """List pushes, or show how some of them go."""
    numbers, ends = _numbers(options), _end_of(options)
    if not numbers:
        if options.wait:
            raise CommandFailed(Exit.USAGE, "say which to wait for, as in p2p pushes 3 --wait")
        answer = client.get("/v1/offers")
        shown = map(push_of, answer["offers"])
        return say(options, answer, lambda _answer: push_lines(shown, width()))
    if options.wait:
        return _wait(client, options, numbers, ends)
    boards = [client.get(f"/v1/offers/{number}") for number in numbers]
    return say(options, {"boards": boards}, _lines_of)


def unpush(client: PeerClient, options: argparse.Namespace) -> int:
    """End pushes of the peer."""
    return _each(client, options, "DELETE", "", lambda _answer: "push {} has ended")


def accept(client: PeerClient, options: argparse.Namespace) -> int:
    """Get what others push."""

    def accepted(answer: Any) -> str:
        return "push {} is here already" if answer["is_here"] else "getting push {}"

    return _each(client, options, "POST", "/accept", accepted)


def refuse(client: PeerClient, options: argparse.Namespace) -> int:
    """Do not get what others push."""
    return _each(client, options, "POST", "/refuse", lambda _answer: "refused push {}")


def _pushed(client: PeerClient, options: argparse.Namespace, name: str, ends: float) -> Any:
    """
    Push what the peer shares; wait until it is hashed.

    :raises CommandFailed: when it cannot be pushed, or not in time.
    """
    body = {"name": name, "to": options.to, "into": options.into, "seconds": options.seconds}
    given = {field: value for field, value in body.items() if value is not None}
    display = BoardDisplay(sys.stderr)
    if not options.json:
        display.say(f"looking for {shown_name(name)} in what {client.name} shares")
    try:
        for step in client.lines("POST", "/v1/offers", given):
            if step["error"] is not None:
                raise _of_no_path(failure_of(step["error"]), options, name)
            if step["offer"] is not None:
                return step["offer"]
            if time.monotonic() >= ends:
                why = f"{shown_name(name)} is not pushed: it is still being hashed"
                raise CommandFailed(Exit.UNFINISHED, f"{why} ({step['hashed']} %)")
            if not options.json:
                display.say(f"hashing {shown_name(name)}: {step['hashed']} %")
    finally:
        display.clear()
    raise CommandFailed(Exit.NO_NETWORK, f"{client.name} has ended before it could push {name}")


def _of_no_path(failed: CommandFailed, options: argparse.Namespace, name: str) -> CommandFailed:
    """Say that a name is no path either, where it may have been meant as one."""
    is_path = name not in options.paths or Path(name).exists()
    if failed.code != Exit.NOT_FOUND or is_path:
        return failed
    why = f"{failed}; nor is there such a file in this directory"
    return CommandFailed(failed.code, why, failed.fault)


def _wait(
    client: PeerClient, options: argparse.Namespace, numbers: Sequence[int], ends: float
) -> int:
    """Show how pushes go until nothing more happens; return the exit status."""
    display = BoardDisplay(sys.stderr)
    try:
        boards, is_late = _looked(client, options.json, numbers, display, ends)
    except KeyboardInterrupt:
        display.clear()
        these = " ".join(map(str, numbers))
        shows, ends_it = client.typed(f"pushes {these}"), client.typed(f"unpush {these}")
        stops = f", {ends_it} ends it" if options.verb_name == "push" else ""
        sys.stderr.write(f"{going_on(numbers, shows)}{stops}\n")
        raise
    finally:
        display.clear()
    status = Exit.SOME_FAILED
    if all(each["have_all"] for each in boards):
        status = Exit.DONE
    elif is_late:
        status = Exit.UNFINISHED
    if options.json:
        say_json({"end": {"exit": status, "boards": boards}})
    else:
        say_lines(_lines_of({"boards": boards}))
    return status


def _looked(
    client: PeerClient, as_json: bool, numbers: Sequence[int], display: BoardDisplay, ends: float
) -> tuple[Sequence[Any], bool]:
    """Look again and again; return the last boards, and whether it was given up before the end."""
    boards: dict[int, Any] = {}
    going = list(numbers)
    while True:
        for number in going:
            boards[number] = _looked_at(client, number, boards.get(number))
            if as_json:
                say_json({"board": boards[number]})
        if not as_json:
            display.show([board_of(each) for each in boards.values()])
        going = [number for number in going if not _is_done(boards[number])]
        left = ends - time.monotonic()
        if not going or left <= 0:
            return list(boards.values()), bool(going)
        time.sleep(next_look_in(min(boards[number]["look_again"] for number in going), left))


def _looked_at(client: PeerClient, number: int, before: Any) -> Any:
    """
    Look how a push goes; one that was ended meanwhile is left as it was.

    :raises CommandFailed: when there is none.
    """
    try:
        return client.get(f"/v1/offers/{number}")
    except CommandFailed as failed:
        if failed.code != Exit.NOT_FOUND or before is None:
            raise
        return {**before, "offer": {**before["offer"], "is_over": True}}


def _is_done(board: Any) -> bool:
    return bool(board["is_done"] or board["offer"]["is_over"])


def _lines_of(answer: Any) -> Iterator[str]:
    for board in answer["boards"]:
        yield from board_lines(board_of(board), width())


def _each(
    client: PeerClient,
    options: argparse.Namespace,
    method: str,
    what: str,
    done: Callable[[Any], str],
) -> int:
    """
    Do something with each of some pushes.

    :param done: says of an answer what was done, with a place for the number.
    :raises CommandFailed: when it can be done with none.
    """
    failed: list[CommandFailed] = []
    numbers: list[int] = []
    lines: list[str] = []
    for number in _numbers(options):
        try:
            answer = client.ask(method, f"/v1/offers/{number}{what}", {})
        except CommandFailed as why:
            failed.append(why)
        else:
            numbers.append(number)
            lines.append(done(answer).format(number))
    return told(options, "offers", numbers, failed, lines)


def _numbers(options: argparse.Namespace) -> list[int]:
    if not all(options.offers):
        raise CommandFailed(Exit.USAGE, "say which by numbers, such as 1 3-5: see p2p pushes")
    return list(dict.fromkeys(number for some in options.offers for number in some))
