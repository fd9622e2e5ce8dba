"""What the API can be asked: the methods and paths, and what belongs to them."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from attrs import field, frozen

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.request_fields import NoQuery, Query
from p2p_twisted.api.views import View

Emit = Callable[[View], None]
"""Writes one line of a streamed answer."""


@frozen
class Call:
    """
    One request, as its route is told of it.

    :ivar query: what it says.
    :ivar number: the one in its path, if there is any.
    :ivar emit: writes a line, where the answer is a stream.
    """

    query: Any
    number: int | None
    emit: Emit


@frozen(kw_only=True)
class Route:
    """
    A method and a path.

    :ivar path: ``{number}`` in it stands for any number.
    :ivar takes: what its query or its body says.
    :ivar gives: its answer, or every line of it.
    :ivar answer: makes the answer; that of a stream is emitted, and ``None`` returned.
    """

    method: str
    path: str
    summary: str
    answer: Callable[[Call], Awaitable[View | None]]
    gives: type[View]
    takes: type[Query] = NoQuery
    is_stream: bool = False
    _pattern: "re.Pattern[str]" = field(init=False)

    @_pattern.default
    def _compiled(self) -> "re.Pattern[str]":
        return re.compile(self.path.replace("{number}", "(?P<number>[0-9]{1,9})"))

    @property
    def has_body(self) -> bool:
        """Whether it is told by a body, and not by the query string."""
        return self.method != "GET"

    def match(self, path: str) -> "re.Match[str] | None":
        """Match a path with this one's."""
        return self._pattern.fullmatch(path)


def find_route(routes: Sequence[Route], method: str, path: str) -> tuple[Route, int | None]:
    """
    Find the route of a request, and the number in its path.

    :raises BadRequest: when there is none.
    """
    others: list[str] = []
    for route in routes:
        if (match := route.match(path)) is None:
            continue
        if route.method == method:
            number = match.groupdict().get("number")
            return route, None if number is None else int(number)
        others.append(route.method)
    if others:
        raise BadRequest("no_such_method", f"{path} takes {' and '.join(others)}, not {method}")
    raise BadRequest("no_such_path", f"there is no {path}; /v1/openapi.json tells what there is")
