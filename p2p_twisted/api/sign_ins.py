"""Let browsers in: a code that counts once becomes a session."""

import secrets
import time
from collections.abc import Callable
from hmac import compare_digest
from typing import Final

from attrs import define, field

from p2p_twisted.api.limits import CODES_KEPT, SESSIONS_KEPT, SIGN_IN_SECONDS

_BYTES: Final = 32


@define
class SignIns:
    """
    The codes that were given out, and the sessions of browsers that have brought one.

    :param seconds: reads a monotonic clock.
    """

    _seconds: Callable[[], float] = time.monotonic
    _codes: dict[str, float] = field(factory=dict, init=False, repr=False)
    _sessions: list[str] = field(factory=list, init=False, repr=False)

    def code(self) -> str:
        """Make a code that lets one browser in, soon; of very many, the oldest is forgotten."""
        code = secrets.token_urlsafe(_BYTES)
        self._codes[code] = self._seconds()
        while len(self._codes) > CODES_KEPT:
            del self._codes[next(iter(self._codes))]
        return code

    def begin(self, code: str) -> str | None:
        """Begin a session; return its secret, or nothing where the code does not count any more."""
        known = [each for each in self._codes if _are_same(each, code)]
        if not known or self._seconds() - self._codes.pop(known[0]) > SIGN_IN_SECONDS:
            return None
        session = secrets.token_urlsafe(_BYTES)
        self._sessions = [*self._sessions, session][-SESSIONS_KEPT:]
        return session

    def has(self, session: str) -> bool:
        """Return whether this is the secret of a session."""
        return any(_are_same(each, session) for each in self._sessions)


def _are_same(secret: str, given: str) -> bool:
    return compare_digest(secret.encode(), given.encode("utf-8", "replace"))
