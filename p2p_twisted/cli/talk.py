"""Run a verb on what it asks: a running peer, a registry, a peer started for it, a recording."""

import argparse
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, NamedTuple

from p2p_twisted.cli.answers import complain, say_json, say_lines
from p2p_twisted.cli.options_together import check_together
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient, find_peer, find_registry
from p2p_twisted.runtime.exit_status import Exit

Verb = Callable[[PeerClient, argparse.Namespace], int]


class _VerbPlace(NamedTuple):
    """
    Where a verb is.

    :ivar module: has it, under its own name; it is imported when the verb runs.
    :ivar check: what there looks at the options first.
    :ivar asks_itself: whether it is given its options alone, and finds what it asks.
    """

    module: str
    check: str | None = None
    asks_itself: bool = False


_PLACES: Final[Mapping[str, _VerbPlace]] = {
    "accept": _VerbPlace("push_verb"),
    "cancel": _VerbPlace("peer_verbs"),
    "console": _VerbPlace("attach"),
    "doctor": _VerbPlace("doctor", asks_itself=True),
    "events": _VerbPlace("recording_verb"),
    "explain": _VerbPlace("peer_verbs"),
    "find": _VerbPlace("peer_verbs"),
    "get": _VerbPlace("get_verb", check="check_get"),
    "invite": _VerbPlace("admin_verbs"),
    "invites": _VerbPlace("admin_verbs"),
    "leave": _VerbPlace("peer_verbs"),
    "limit": _VerbPlace("peer_verbs"),
    "link": _VerbPlace("link_verb"),
    "links": _VerbPlace("link_verb"),
    "log": _VerbPlace("following"),
    "ls": _VerbPlace("peer_verbs"),
    "members": _VerbPlace("admin_verbs"),
    "pause": _VerbPlace("peer_verbs"),
    "peers": _VerbPlace("peer_verbs"),
    "push": _VerbPlace("push_verb"),
    "pushes": _VerbPlace("push_verb"),
    "ready": _VerbPlace("ready_verb", asks_itself=True),
    "refuse": _VerbPlace("push_verb"),
    "resume": _VerbPlace("peer_verbs"),
    "revoke": _VerbPlace("admin_verbs"),
    "share": _VerbPlace("own_files"),
    "status": _VerbPlace("peer_verbs"),
    "stop": _VerbPlace("peer_verbs"),
    "topo": _VerbPlace("peer_verbs"),
    "transfers": _VerbPlace("peer_verbs"),
    "unlink": _VerbPlace("link_verb"),
    "unpush": _VerbPlace("push_verb"),
    "unshare": _VerbPlace("own_files"),
    "web": _VerbPlace("web_verb"),
}


def talk(options: argparse.Namespace) -> int:
    """Run a verb on what it is for; return the exit status."""
    try:
        return _carry_out(options)
    except CommandFailed as failed:
        if options.json:
            say_json({"error": {"message": str(failed), "exit": failed.code}})
        if failed.code == Exit.DONE and not options.json:
            say_lines(str(failed).splitlines())
        else:
            complain(str(failed))
        return failed.code


def _carry_out(options: argparse.Namespace) -> int:
    if getattr(options, "state", None) is not None:
        from p2p_twisted.cli.lent_membership import take_member

        take_member(options)
    check_together(options)
    place, verb = _PLACES[options.verb_name], verb_of(options.verb_name)
    if place.asks_itself:
        return verb(options)
    if place.check is not None:
        _function(place, place.check)(options)
    given = (option for option in _RUNNERS if getattr(options, option, None) is not None)
    return _RUNNERS[next(given, "peer")](verb, options)


def verb_of(name: str) -> Callable[..., int]:
    """Return what carries out a verb; its module is imported by that."""
    return _function(_PLACES[name], name)


def _function(place: _VerbPlace, name: str) -> Callable[..., int]:
    function: Callable[..., int] = getattr(import_module(f"p2p_twisted.cli.{place.module}"), name)
    return function


def _on_recording(_verb: Verb, options: argparse.Namespace) -> int:
    from p2p_twisted.cli.recording_verb import tell_recorded

    return tell_recorded(options)


def _on_registry(verb: Verb, options: argparse.Namespace) -> int:
    if options.peer is not None:
        raise CommandFailed(
            Exit.USAGE, "--peer is a peer, --of-registry a registry: say one of them"
        )
    return verb(find_registry(options.of_registry), options)


def _on_temporary_peer(verb: Verb, options: argparse.Namespace) -> int:
    """Run a verb on a peer that is started for it, shares nothing, and ends with it."""
    from p2p_twisted.cli.temporary_peer import temporary_peer

    if options.peer is not None:
        raise CommandFailed(
            Exit.USAGE, "--peer is a running peer, --registry starts another: say one of them"
        )
    with temporary_peer(options) as client:
        return verb(client, options)


def _on_running_peer(verb: Verb, options: argparse.Namespace) -> int:
    return verb(find_peer(options.peer), options)


_RUNNERS: Final[Mapping[str, Callable[[Verb, argparse.Namespace], int]]] = {
    "source": _on_recording,
    "of_registry": _on_registry,
    "registry": _on_temporary_peer,
    "peer": _on_running_peer,
}
"""How a verb is run by the first of these options that is given; the last, if none is."""
