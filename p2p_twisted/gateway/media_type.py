"""Say of what type some content is, by its name."""

from mimetypes import MimeTypes
from typing import Final

_UNKNOWN: Final = "application/octet-stream"
_TEXT: Final = "text/"
_SHOWN: Final = ("audio/", "image/", "video/")
_DOCUMENT: Final = "xml"

_types: Final = MimeTypes()
# What this Python knows, and nothing that the machine it runs on adds.
for _ending, _type in {
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".mkv": "video/x-matroska",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".webp": "image/webp",
}.items():
    _types.add_type(_type, _ending)


def is_only_shown(kind: str) -> bool:
    """Return whether content of a type cannot be a page, or part of one, with anything to run."""
    return kind.startswith(_SHOWN) and _DOCUMENT not in kind


def media_type(name: str) -> str:
    """Return the media type of a file of that name."""
    guessed, encoding = _types.guess_type(f"file/{name}", strict=True)
    if guessed is None or encoding is not None:
        return _UNKNOWN
    return f"{guessed}; charset=utf-8" if guessed.startswith(_TEXT) else guessed
