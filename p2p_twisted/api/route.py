"""What the API can be asked: the methods and paths, and what belongs to them."""

import enum
import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from attrs import field, frozen

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.request_fields import NoQuery, Query
from p2p_twisted.api.views import View


class Form(enum.StrEnum):
    """How an answer is written, as its media type."""

    JSON = "application/json"
    LINES = "application/x-ndjson"
    EVENTS = "text/event-stream"


@frozen(kw_only=True)
class Call:
    """
    One request, as its route is told of it.

    :ivar query: what it says.
    :ivar number: the one in its path, if there is any.
    :ivar name: likewise.
    :ivar stream: what to write the answer to, where that comes in pieces.
    :ivar body: what is uploaded.
    :ivar caller: whose it is: see ``numbers`` of a download.
    """

    query: Any = None
    number: int | None = None
    name: str = ""
    stream: Any = None
    body: Any = None
    caller: int = 0


@frozen
class Route:
    """
    A method and a path.

    :ivar path: ``{number}`` in it stands for any number, ``{name}`` for a name in UTF-8.
    :ivar answer: makes the answer; that of a stream is emitted, and ``None`` returned.
    :ivar gives: its answer, or every line of it; of several kinds, one of them.
    :ivar takes: what its query or its body says.
    :ivar form: a stream's is not JSON.
    :ivar is_upload: whether its body may be of any size, and is taken as it comes.
    """

    method: str
    path: str
    answer: Callable[[Call], Awaitable[View | None]]
    gives: type[View] | tuple[type[View], ...]
    takes: type[Query] = NoQuery
    form: Form = field(default=Form.JSON, kw_only=True)
    is_upload: bool = field(default=False, kw_only=True)
    _pattern: "re.Pattern[str]" = field(init=False)

    @_pattern.default
    def _compiled(self) -> "re.Pattern[str]":
        path = self.path.replace("{number}", "(?P<number>[0-9]{1,9})")
        return re.compile(path.replace("{name}", "(?P<name>.+)"))

    @property
    def summary(self) -> str:
        """What it is for, in one sentence."""
        return inspect.getdoc(self.answer) or ""

    @property
    def is_stream(self) -> bool:
        """Whether the answer comes in pieces."""
        return self.form is not Form.JSON

    @property
    def has_body(self) -> bool:
        """Whether it is told by a body, and not by the query string."""
        return self.method != "GET"

    def match(self, path: str) -> "re.Match[str] | None":
        """Match a path with this one's."""
        return self._pattern.fullmatch(path)


def find_route(routes: Sequence[Route], method: str, path: str) -> tuple[Route, Call]:
    """
    Find the route of a request, and what its path says.

    :raises BadRequest: when there is none.
    """
    others: list[str] = []
    for route in routes:
        if (match := route.match(path)) is None:
            continue
        if route.method == method:
            number, name = (match.groupdict().get(each) for each in ("number", "name"))
            number_given = None if number is None else int(number)
            return route, Call(number=number_given, name=_unquoted(name or ""))
        others.append(route.method)
    if others:
        raise BadRequest("no_such_method", f"{path} takes {' and '.join(others)}, not {method}")
    raise BadRequest("no_such_path", f"there is no {path}; /v1/openapi.json tells what there is")


def _unquoted(name: str) -> str:
    try:
        return unquote_to_bytes(name).decode()
    except UnicodeDecodeError:
        raise BadRequest("bad_request", "a name is not UTF-8") from None
