"""Complete what is being typed: commands, their arguments, peers, and names."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs

from p2p_twisted.console.admin_arguments import INVITE_OPTIONS, REVOKE_OPTION
from p2p_twisted.console.arguments import needs_quotes
from p2p_twisted.console.command_entry import Operand
from p2p_twisted.console.link_arguments import LINK_OPTIONS
from p2p_twisted.console.parsing import BY_WORD, find_entry, first_word
from p2p_twisted.console.push_arguments import PUSH_OPTIONS
from p2p_twisted.library.matching import last_component
from p2p_twisted.offers.offer import EVERYBODY
from p2p_twisted.wire.names import PeerName

# A word, or one that begins with a quote and has no end yet.
_WORD: Final = re.compile(r"""(?:^|(?<=\s))(?:(["'])((?:(?!\1(?:\s|$)).)*)|(\S*))$""", re.DOTALL)
_FROM: Final = re.compile(r"(?:^|.*\s)--from(?:\s+|=)(\S*)", re.DOTALL)
_TO: Final = re.compile(r"(?:^|.*\s)--to(?:\s+|=)(?:\S*,)?(\S*)", re.DOTALL)


@attrs.frozen
class Vocabulary:
    """
    What a person may mean.

    :ivar names: of files and folders that were listed last.
    :ivar peers: that are known at the moment.
    :ivar downloads: numbers of downloads that have not ended.
    :ivar pushes: numbers of pushes that are not over.
    :ivar below: lists what this peer shares directly in a folder; folders end with ``/``.
    """

    names: Sequence[str] = ()
    peers: Sequence[PeerName] = ()
    downloads: Sequence[int] = ()
    pushes: Sequence[int] = ()
    below: Callable[[str], Iterable[str]] = lambda _folder: ()

    def named(self, typed: str) -> list[str]:
        """Return the names, and own paths, that begin with a text, or whose last part does."""
        folder = typed[: typed.rfind("/") + 1]
        own = [folder + name for name in self.below(folder.rstrip("/"))]
        return [name for name in dict.fromkeys((*self.names, *own)) if _begins(name, typed)]


@attrs.frozen
class Completion:
    """
    What a line may become.

    :ivar start: where what is completed begins.
    :ivar text: what it becomes, as far as that is certain.
    :ivar choices: how it may go on; none if it is whole.
    """

    start: int
    text: str
    choices: tuple[str, ...] = ()


def complete(before: str, words: Vocabulary) -> Completion | None:
    """
    Complete a line.

    :param before: what is before the cursor.
    :returns: ``None`` where nothing is known that begins so.
    """
    line = before.lstrip()
    start = len(before) - len(line)
    word, rest = first_word(line)
    entry = find_entry(word)
    if line == word:
        names = [_Choice(name, _line_for(name)) for name in words.named(line)] if line else []
        return _among(line, start, [*_plain(_commands(line)), *names])
    if entry is None:
        return _among(line, start, [_Choice(name, _line_for(name)) for name in words.named(line)])
    start = len(before) - len(rest)
    return _COMPLETE[entry.operand_kind](rest, start, words)


@attrs.frozen
class _Choice:
    """
    What a text may become.

    :ivar typed: as it is to be typed; ``None`` where it cannot be.
    """

    name: str
    typed: str | None

    @property
    def mark(self) -> str:
        """The quote that it begins with, if any."""
        is_quoted = self.typed is not None and self.typed[:1] != self.name[:1]
        return self.typed[0] if self.typed and is_quoted else ""


def _plain(names: Iterable[str]) -> list[_Choice]:
    return [_Choice(name, f"{name} ") for name in names]


def _commands(typed: str) -> list[str]:
    names = [word for entry in dict.fromkeys(BY_WORD.values()) for word in entry.words]
    return [name for name in names if _begins(name, typed)]


def _nothing(_rest: str, _start: int, _words: Vocabulary) -> Completion | None:
    return None


def _of_names(rest: str, start: int, words: Vocabulary) -> Completion | None:
    """Complete the last of several names, or the peer after ``--from``."""
    peer = _FROM.fullmatch(rest)
    if peer is not None:
        return _last(peer[1], start + peer.start(1), words.peers)
    return _of_words(rest, start, words, ("--from",))


def _of_push(rest: str, start: int, words: Vocabulary) -> Completion | None:
    """Complete the last of several names, an option, or a peer after ``--to``."""
    peer = _TO.fullmatch(rest)
    if peer is not None:
        return _last(peer[1], start + peer.start(1), [*words.peers, EVERYBODY])
    return _of_words(rest, start, words, PUSH_OPTIONS)


def _of_link(rest: str, start: int, words: Vocabulary) -> Completion | None:
    return _of_words(rest, start, words, LINK_OPTIONS)


def _of_words(
    rest: str, start: int, words: Vocabulary, options: Sequence[str]
) -> Completion | None:
    match = _WORD.search(rest)
    assert match is not None
    quote, typed = match[1] or "", match[2] if match[1] else match[3]
    found = words.named(typed)
    begin = start + match.start()
    if not found and not quote and typed.startswith("-"):
        return _last(typed, begin, options)
    if not found and not quote:
        # A name with spaces, typed without quotes.
        typed, begin, found = rest, start, words.named(rest)
    return _among(typed, begin, [_Choice(name, _quoted(name, quote)) for name in found], quote)


def _of_text(rest: str, start: int, words: Vocabulary) -> Completion | None:
    return _among(rest, start, [_Choice(name, name) for name in words.named(rest)])


def _of_peers(rest: str, start: int, words: Vocabulary) -> Completion | None:
    return _last(rest, start, words.peers)


def _of_downloads(rest: str, start: int, words: Vocabulary) -> Completion | None:
    return _of_numbers(rest, start, [*map(str, words.downloads), "all"])


def _of_pushes(rest: str, start: int, words: Vocabulary) -> Completion | None:
    return _of_numbers(rest, start, map(str, words.pushes))


def _of_numbers(rest: str, start: int, numbers: Iterable[str]) -> Completion | None:
    typed = re.split(r"[\s,-]", rest)[-1]
    return _last(typed, start + len(rest) - len(typed), numbers)


def _of_limits(rest: str, start: int, _words: Vocabulary) -> Completion | None:
    direction, rate = first_word(rest)
    if rest == direction:
        return _last(rest, start, ["up", "down"])
    return _last(rate, start + len(rest) - len(rate), ["off"])


def _of_invite(rest: str, start: int, _words: Vocabulary) -> Completion | None:
    typed = rest.split(" ")[-1]
    return _last(typed, start + len(rest) - len(typed), INVITE_OPTIONS)


def _of_revoked(rest: str, start: int, words: Vocabulary) -> Completion | None:
    return _last(rest, start, [*words.peers, REVOKE_OPTION])


def _of_commands(rest: str, start: int, _words: Vocabulary) -> Completion | None:
    return _last(rest, start, [*_commands(rest), "all"])


_COMPLETE: Final = {
    Operand.NOTHING: _nothing,
    Operand.NAMES: _of_names,
    Operand.TEXT: _of_text,
    Operand.PEER: _of_peers,
    Operand.DOWNLOADS: _of_downloads,
    Operand.PUSH: _of_push,
    Operand.PUSHES: _of_pushes,
    Operand.LINK: _of_link,
    Operand.LIMIT: _of_limits,
    Operand.INVITE: _of_invite,
    Operand.REVOKED: _of_revoked,
    Operand.COMMAND: _of_commands,
}


def _last(typed: str, start: int, words: Iterable[str]) -> Completion | None:
    return _among(typed, start, _plain(word for word in words if _begins(word, typed)))


def _among(
    typed: str, start: int, choices: Sequence[_Choice], quote: str = ""
) -> Completion | None:
    """Complete as far as all choices agree."""
    if not choices:
        return None
    if len(choices) == 1 and choices[0].typed is not None:
        return Completion(start, choices[0].typed)
    names = tuple(choice.name for choice in choices)
    common = _common_beginning(names)
    if len(common) <= len(typed):
        return Completion(start, quote + typed, names)
    # What is to be quoted in the end needs its quote at the beginning.
    marks = {choice.mark for choice in choices}
    opens = quote or (marks.pop() if len(marks) == 1 else "")
    return Completion(start, opens + common, names)


def _common_beginning(names: Sequence[str]) -> str:
    first = names[0]
    for index, character in enumerate(first):
        for name in names:
            if name[index : index + 1].casefold() != character.casefold():
                return first[:index]
    return first


def _begins(name: str, typed: str) -> bool:
    wanted = unicodedata.normalize("NFC", typed).casefold()
    name = name.casefold()
    return name.startswith(wanted) or (
        "/" not in wanted and last_component(name).startswith(wanted)
    )


def _line_for(name: str) -> str | None:
    """Write a name as a line of its own."""
    is_command = find_entry(first_word(name)[0]) is not None
    return _quoted(name, '"') if is_command or name[0] in "\"'" else name


def _quoted(name: str, quote: str) -> str | None:
    """Write a name as one of several; a folder may go on."""
    end = "" if name.endswith("/") else " "
    if not quote and not needs_quotes(name):
        return name + end
    for mark in (quote or '"', '"', "'"):
        if mark not in name:
            return mark + name + (mark + end if end else "")
    return None
