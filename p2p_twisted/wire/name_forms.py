"""Spell names so that others can take them: shorter, or without characters that show nothing."""

import unicodedata
from typing import Final

from p2p_twisted.wire.limits import COMPONENT_BYTES


def _characters(*ranges: tuple[int, int]) -> str:
    return "".join(chr(code) for first, last in ranges for code in range(first, last + 1))


SPACES: Final = (
    _characters(
        (0x00A0, 0x00A0), (0x1680, 0x1680), (0x2000, 0x200A), (0x202F, 0x202F), (0x205F, 0x205F)
    )
    + "\u3000"
)
"""Spaces of other widths, and those where no line breaks: macOS and people put them into names."""

JOINERS: Final = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f"
"""They show nothing, but join, part or direct their neighbors: in Persian, Arabic, Khmer, emoji."""

SELECTORS: Final = _characters(
    (0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0E), (0xE0020, 0xE007F), (0xE0100, 0xE01EF)
)
"""They choose a form of the character before them: in Mongolian, Japanese, emoji and flags."""

INVISIBLE_IN_NAMES: Final = frozenset(SPACES + JOINERS + SELECTORS)
"""They are in ordinary names, and shown escaped, as everything else that is not printable."""

_EMOJI_SELECTOR: Final = "\ufe0f"
_PLAIN: Final = str.maketrans(dict.fromkeys(SPACES, " ") | dict.fromkeys(JOINERS + SELECTORS))
_SKELETON: Final = _PLAIN | {ord(_EMOJI_SELECTOR): None}
# What earlier versions refuse beyond.
_EARLIER_BYTES: Final = 200
# What is behind a dot and longer than this is no file type.
_SUFFIX_BYTES: Final = 32
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_FLAGS: Final = range(0x1F1E6, 0x1F200)


def plain(text: str) -> str:
    """Replace other spaces by plain ones, and leave out what shows nothing."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.translate(_PLAIN))


def skeleton(text: str) -> str:
    """Fold a text to what it looks like: two names with one skeleton could be mistaken."""
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFC", text.translate(_SKELETON).casefold())


def earlier_spelling(path: str) -> str:
    """Spell a path so that earlier versions take it, too."""
    if path.isascii() and len(path) <= _EARLIER_BYTES:
        return path
    return "/".join(shortened(plain(each), _EARLIER_BYTES) for each in path.split("/"))


def shortened(name: str, most: int = COMPONENT_BYTES, mark: str = "") -> str:
    """
    Put a mark behind a name's stem, and cut the stem so that it all fits.

    What is behind the last dot stays, unless it is longer than any file type.

    :param most: how many bytes it may have.
    """
    if not mark and len(name.encode()) <= most:
        return name
    dot = name.rfind(".")
    stem, suffix = (name[:dot], name[dot:]) if dot > 0 else (name, "")
    whole = stem + mark + suffix
    if len(whole.encode()) <= most:
        return whole
    if len(suffix.encode()) > _SUFFIX_BYTES:
        stem, suffix = name, ""
    return _cut(stem, most - len((mark + suffix).encode())) + mark + suffix


def _cut(text: str, most: int) -> str:
    """Keep the beginning of a text: whole characters, as people see them."""
    fits = text.encode()[: max(1, most)].decode(errors="ignore")
    kept = fits
    while kept and len(kept) < len(text) and _is_within(kept, text[len(kept)]):
        kept = kept[:-1]
    return (kept or fits).rstrip(" ." + SPACES + JOINERS) or "_"


def _is_within(before: str, following: str) -> bool:
    """Return whether a text and the character that follows it belong together."""
    if before[-1] in JOINERS or following in JOINERS or following in SELECTORS:
        return True
    if ord(following) in _FLAGS:
        letters = len(before) - len(before.rstrip("".join(map(chr, _FLAGS))))
        return letters % 2 == 1
    return unicodedata.category(following)[0] == "M" or ord(following) in _SKIN_TONES
