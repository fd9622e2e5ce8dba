"""
Write the manual pages of ``p2p`` from its parsers.

``python -m docs.manual`` writes them to ``docs/man``; a test compares them.
"""

import argparse
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from p2p_twisted import __version__
from p2p_twisted.cli.daemon import daemon_parser
from p2p_twisted.cli.daemon_options import KINDS
from p2p_twisted.cli.main import command_parser

FOLDER: Final = Path(__file__).with_name("man")
_DATE: Final = "2026-11-28"
_EXITS: Final = (
    ("0", "It is done."),
    ("1", "Something unexpected has happened."),
    ("2", "An option is wrong, or a name means several things."),
    ("3", "No peer runs, or there is no registry."),
    ("4", "No peer has what was asked for."),
    ("5", "What came was not what was asked for, or has changed meanwhile."),
    ("6", "It is not complete, and can be resumed."),
    ("7", "It was refused: full, or not allowed."),
    ("8", "The disk failed, or is full."),
    ("9", "Another peer has the name, or something is there already."),
    ("10", "Some of several things failed."),
    ("130", "It was interrupted."),
)


def pages() -> dict[str, str]:
    """Write all pages, by the names of their files."""
    lines = {"p2p.1": _command(command_parser())}
    lines |= {f"p2p-{kind}.1": _daemon(f"p2p-{kind}", daemon_parser(kind)) for kind in KINDS}
    return {name: "".join(map(_wrapped, page)) for name, page in lines.items()}


def _wrapped(line: str) -> str:
    """Write a line of roff, or text in several of at most 79 bytes."""
    if line.startswith("."):
        return f"{line}\n"
    wrapped = textwrap.wrap(line, 76, break_long_words=False, break_on_hyphens=False)
    return "".join(rf"\&{each}" + "\n" if each[:1] == "." else f"{each}\n" for each in wrapped)


def _head(name: str, text: str) -> Iterator[str]:
    yield f'.TH {name.upper()} 1 {_DATE} "p2p_twisted {__version__}"'
    yield ".SH NAME"
    yield rf"{_escaped(name)} \- {_escaped(text)}"


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield from _head("p2p", "share files between machines by name")
    yield from (".SH SYNOPSIS", r".B p2p", ".I VERB", r"[\fIARGUMENTS\fR]")
    yield from (".SH DESCRIPTION", _escaped(parser.description or ""), ".PP")
    yield _escaped(parser.epilog or "")
    yield from (".SH OPTIONS", *_options(parser))
    yield ".SH VERBS"
    [verbs] = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    for verb in verbs._choices_actions:
        chosen = verbs.choices[verb.dest]
        yield f'.SS "{_escaped(_usage(chosen))}"'
        yield _escaped(_sentence(chosen.description or str(verb.help)))
        yield from _options(chosen)
    yield ".SH EXIT STATUS"
    for code, text in _EXITS:
        yield from (".TP", f".B {code}", _escaped(text))
    yield from (".SH ENVIRONMENT", ".TP", ".B P2P_PEER")
    yield "The running peer that is meant, where several run."
    yield from (".TP", ".B P2P_CONFIG", "The configuration that the daemons take.")
    yield from (".SH SEE ALSO", ".BR p2p\\-peer (1),", ".BR p2p\\-registry (1)")


def _daemon(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield from _head(name, (parser.description or "").partition(".")[0].lower())
    yield from (".SH SYNOPSIS", f".B {_escaped(name.replace('-', ' '))}", r"[\fIOPTIONS\fR]")
    yield from (".SH DESCRIPTION", _escaped(parser.description or ""), ".PP")
    yield _escaped(parser.epilog or "")
    yield from (".SH OPTIONS", *_options(parser), ".SH SEE ALSO", ".BR p2p (1)")


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction | argparse._HelpAction):
            continue
        yield from (".TP", _title(action))
        yield _escaped(_sentence((action.help or "").replace("%%", "%")))


def _title(action: argparse.Action) -> str:
    value = _value(action)
    if not action.option_strings:
        return rf"\fI{_escaped(value)}\fR"
    names = ", ".join(rf"\fB{_escaped(name)}\fR" for name in action.option_strings)
    return names + (rf" \fI{_escaped(value)}\fR" if action.nargs != 0 else "")


def _value(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(action.choices) if action.choices else action.dest.upper()


def _usage(parser: Any) -> str:
    words = [
        f"[{_value(each)}]" if each.nargs in ("?", "*") else _value(each)
        for each in parser._actions
        if not each.option_strings
    ]
    return " ".join([parser.prog, *words])


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "]", ")")) else f"{text}."


def _escaped(text: str) -> str:
    """Write text so that roff shows it as it is."""
    text = re.sub(r"\s+", " ", text).replace("\\", r"\e").replace("-", r"\-")
    return text.replace("'", r"\(aq").replace('"', r"\(dq")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, page in pages().items():
        (FOLDER / name).write_text(page)
