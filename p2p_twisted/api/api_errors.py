"""What is wrong with a request, or keeps it from being done."""

from typing import Final

from twisted.logger import Logger

from p2p_twisted.api import views
from p2p_twisted.api.limits import LIST_ROWS
from p2p_twisted.peer.hit_list import HitList
from p2p_twisted.peer_errors import Ambiguous, PeerError
from p2p_twisted.runtime.exit_status import Exit

_log = Logger()

CODES: Final = {
    "bad_request": 400,
    "forbidden": 403,
    "changed": 412,
    "no_such_range": 416,
    "late": 504,
    "not_found": 404,
    "no_such_path": 404,
    "no_such_method": 405,
    "ambiguous": 409,
    "already_here": 409,
    "exists": 409,
    "is_folder": 409,
    "too_large": 413,
    "not_ready": 409,
    "no_network": 503,
    "not_allowed": 403,
    "failed": 422,
    "cannot_keep": 507,
    "too_many": 503,
    "unexpected": 500,
}
"""Every code that an error has, with its HTTP status."""

_REFUSED: Final = ("forbidden", "too_many")
_UNEXPECTED: Final = "something unexpected went wrong; see the log"


class BadRequest(Exception):
    """
    A request that cannot be answered; the text says why.

    :ivar code: one of :data:`CODES`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def fault_of(error: Exception) -> views.FaultView:
    """Describe what has gone wrong; what nobody foresaw is logged, and not told."""
    if isinstance(error, BadRequest):
        exit_code = Exit.REFUSED if error.code in _REFUSED else Exit.USAGE
        return views.FaultView(code=error.code, message=str(error), exit=exit_code)
    if not isinstance(error, PeerError):
        _log.failure("while answering a request")
        return views.FaultView(code="unexpected", message=_UNEXPECTED, exit=Exit.UNEXPECTED)
    hits: tuple[views.HitView, ...] = ()
    message = str(error)
    if isinstance(error, Ambiguous):
        # Not earlier: a registry finds nothing, and would import most of a peer for that.
        from p2p_twisted.api import view_of

        message = f"{error}: choose one by its {'number or id' if error.is_numbered else 'id'}"
        hits = view_of.hits(error.hits, HitList(LIST_ROWS if error.is_numbered else 0))
    return views.FaultView(code=error.code, message=message, exit=error.exit, hits=hits)
