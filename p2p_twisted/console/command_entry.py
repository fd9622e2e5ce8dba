"""What the table of commands says of each."""

import enum
from collections.abc import Callable

import attrs

from p2p_twisted.console.commands import Command, Misused


class Operand(enum.Enum):
    """What may follow a command's word."""

    NOTHING = enum.auto()
    NAMES = enum.auto()
    TEXT = enum.auto()
    PEER = enum.auto()
    DOWNLOADS = enum.auto()
    PUSH = enum.auto()
    PUSHES = enum.auto()
    LINK = enum.auto()
    LIMIT = enum.auto()
    INVITE = enum.auto()
    REVOKED = enum.auto()
    COMMAND = enum.auto()


@attrs.frozen(kw_only=True)
class CommandEntry:
    """
    A command in the table.

    :ivar words: by which it is called; the first is its name.
    :ivar operand: what may or must follow the word, for people.
    :ivar does: what it does, for people.
    :ivar read: parses what followed the word; returns ``None`` if that does not fit, or raises
        ``ValueError`` with what does not.
    :ivar takes: a sentence on what may follow the word, without its subject.
    :ivar examples: lines to type.
    :ivar operand_kind: what may follow the word, for its completion.
    """

    words: tuple[str, ...]
    operand: str = ""
    does: str
    read: Callable[[str], Command | None]
    takes: str = "takes nothing more"
    examples: tuple[str, ...] = ()
    operand_kind: Operand = Operand.NOTHING

    @property
    def usage(self) -> str:
        """How to type it."""
        return f"{self.words[0]} {self.operand}".rstrip()

    def command(self, rest: str, typed: str) -> Command:
        """
        Parse what followed its word.

        :param typed: the whole line.
        """
        try:
            return self.read(rest) or Misused(self.words[0], typed)
        except ValueError as error:
            return Misused(self.words[0], typed, str(error))
