"""How much is kept of how downloads and questions went; SECURITY.md publishes it."""

from typing import Final

NOTES_PER_DOWNLOAD: Final = 40
NOTE_CHARACTERS: Final = 200
HOLDERS_PER_ACCOUNT: Final = 16
FINDS_KEPT: Final = 100
HOLDERS_PER_FIND: Final = 8
