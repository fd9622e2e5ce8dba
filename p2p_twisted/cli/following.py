"""``p2p events`` and ``p2p log``: what happens, and what is logged, as it comes."""

import argparse
import os
import stat
import sys
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from p2p_twisted.cli.answers import say_json, say_lines
from p2p_twisted.cli.peer_client import PeerClient
from p2p_twisted.console.text import count, human_size, shown_name
from p2p_twisted.registry.location import show_location
from p2p_twisted.runtime.exit_status import Exit

_IDS: Final = 8
_STDOUT: Final = 1


def events(client: PeerClient, options: argparse.Namespace) -> int:
    """Write what happens, until somebody ends it."""
    after = f"?after={options.after}" if options.after is not None else ""
    end_with_reader()
    for event in client.events(f"/v1/events{after}"):
        say_event(event, options.json)
    return Exit.DONE


def say_event(event: Mapping[str, Any], wants_json: bool) -> None:
    """Write what has happened, on a line of its own."""
    if wants_json:
        say_json(event)
    else:
        when = time.strftime("%H:%M:%S", time.localtime(event["at"]))
        say_lines([f"{when} {event['kind']} {event_text(event)}".rstrip()], at_once=True)


def log(client: PeerClient, options: argparse.Namespace) -> int:
    """Write the end of the log and, if that is asked for, what comes."""
    query = {"lines": options.lines, "follow": str(options.follow).lower()}
    if options.follow:
        end_with_reader()
    for line in client.lines("GET", f"/v1/log?{urlencode(query)}"):
        if options.json:
            say_json(line)
        else:
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(line["at"]))
            text = "\n".join(map(shown_name, line["text"].splitlines()))
            say_lines([f"{when} {line['level']} {text}"], at_once=True)
    return Exit.DONE


def end_with_reader() -> None:
    """End once nobody reads the pipe that is standard output, also while nothing is written."""
    if sys.stdout is None or not stat.S_ISFIFO(os.fstat(_STDOUT).st_mode):
        return
    from threading import Thread

    Thread(target=_wait_for_end_of_reader, daemon=True).start()


def _wait_for_end_of_reader() -> None:
    import select

    poll = select.poll()
    # That there is no reader is told in any case.
    poll.register(_STDOUT, 0)
    poll.poll()
    os._exit(Exit.UNEXPECTED)


def event_text(event: Mapping[str, Any]) -> str:
    """Say in one line what has happened."""
    match event["kind"]:
        case "linked" | "unlinked":
            neighbor = event["neighbor"]
            died = ", it died" if event.get("has_died") else ""
            return f"{neighbor['name']} at {_place(neighbor)}{died}"
        case "peers":
            return _peers_text(event)
        case "question":
            own = "own" if event["is_own"] else "of others"
            text = shown_name(event["text"])
            return f"{event['id'][:_IDS]} {own}: {event['what']} {text}".rstrip()
        case "answer":
            hits = count(event["hits"], "result")
            return f"{event['id'][:_IDS]} {hits}, {count(event['answered'], 'peer')}"
        case "download":
            from p2p_twisted.cli.show import download_line

            return download_line(event["download"])
        case "upload":
            return _upload_text(event)
        case "offer":
            from p2p_twisted.cli.shown_pushes import push_of
            from p2p_twisted.console.push_lines import push_lines

            [line, _count] = push_lines([push_of(event["offer"])])
            return line
        case "registration":
            known = "knows" if event["registered"] else "does not know"
            return f"the registry {known} this peer"
        case "registered":
            who = event["member"]
            waits = "" if who["is_listening"] else ", and does not listen yet"
            return f"{who['name']} at {_place(who)}{waits}"
        case "forgotten":
            return f"{event['name']}: {event['why']}"
        case "warning":
            return shown_name(event["text"])
        case _:
            return ""


def _upload_text(event: Mapping[str, Any]) -> str:
    upload = event["upload"]
    ended = ", ended" if event["is_ended"] else f", {human_size(upload['rate'])}/s"
    name = shown_name(upload["name"])
    return f"{human_size(upload['sent'])} of {name} to {upload['peer']}{ended}"


def _peers_text(event: Mapping[str, Any]) -> str:
    came = [f"+{name}" for name in event["came"]] + [f"-{name}" for name in event["went"]]
    others = [each["name"] for each in event["changed"] if each["name"] not in event["came"]]
    linked = f"{count(len(others), 'peer')} linked anew" if others else ""
    silent = f"{count(len(event['silent']), 'peer')} silent" if event["silent"] else ""
    what = ", ".join(filter(None, (" ".join(came), linked, silent)))
    return f"{what} ({count(event['peers'], 'peer')})".lstrip()


def _place(at: Mapping[str, Any]) -> str:
    return show_location(at["host"], at["port"])
