"""Let browsers in: a code that counts once becomes a session."""

import secrets
import time
from collections.abc import Callable
from hmac import compare_digest
from typing import Final

from attrs import define, field, frozen

from p2p_twisted.api.limits import CODES_KEPT, SESSIONS_KEPT, SIGN_IN_SECONDS

_BYTES: Final = 32


@frozen
class BrowserSession:
    """
    A browser that was let in.

    :ivar secret: its cookie, which it sends to what listens at other ports, too.
    :ivar key: what only pages of this port have: without it nothing is done.
    """

    secret: str = field(repr=False)
    key: str = field(repr=False)


@define
class SignIns:
    """
    The codes that were given out, and the sessions of browsers that have brought one.

    :param seconds: reads a monotonic clock.
    """

    _seconds: Callable[[], float] = time.monotonic
    _codes: dict[str, float] = field(factory=dict, init=False, repr=False)
    _keys: dict[str, str] = field(factory=dict, init=False, repr=False)

    def code(self) -> str:
        """Make a code that lets one browser in, soon; of very many, the oldest is forgotten."""
        code = secrets.token_urlsafe(_BYTES)
        self._codes[code] = self._seconds()
        while len(self._codes) > CODES_KEPT:
            del self._codes[next(iter(self._codes))]
        return code

    def begin(self, code: str) -> BrowserSession | None:
        """Begin a session, or nothing where the code does not count any more."""
        known = [each for each in self._codes if _are_same(each, code)]
        if not known or self._seconds() - self._codes.pop(known[0]) > SIGN_IN_SECONDS:
            return None
        session = BrowserSession(secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES))
        self._keys[session.secret] = session.key
        while len(self._keys) > SESSIONS_KEPT:
            del self._keys[next(iter(self._keys))]
        return session

    def key(self, secret: str) -> str | None:
        """Return the key of a session, if it is one."""
        return next((key for each, key in self._keys.items() if _are_same(each, secret)), None)


def _are_same(secret: str, given: str) -> bool:
    return compare_digest(secret.encode(), given.encode("utf-8", "replace"))
