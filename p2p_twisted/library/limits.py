"""What a file that names what is not shared may have; SECURITY.md publishes it."""

from typing import Final

from p2p_twisted.wire.limits import KIB

IGNORE_FILE_BYTES: Final = 64 * KIB
IGNORE_FILE_PATTERNS: Final = 1_000
