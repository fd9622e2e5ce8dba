"""Talk to a running peer over its socket; no Twisted, so that a command starts fast."""

import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode

from p2p_twisted.api.socket_index import (
    SocketPlace,
    make_socket_folder,
    running_peers,
    running_registries,
)
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words

_EVENT_DATA: Final = b"data: "
_PEER_VARIABLE: Final = "P2P_PEER"
_ALIVE_SECONDS: Final = 5.0
_PIECE_BYTES: Final = 65_536
_NO_SUCH_PATH: Final = "no_such_path"


class CommandFailed(Exception):
    """
    A command cannot go on; the text says why, and what to do.

    :ivar code: what it exits with.
    :ivar fault: the API's word for why, if it is the API that has refused.
    """

    def __init__(self, code: int, message: str, fault: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.fault = fault


class UnreadableFile(CommandFailed):
    """A file of this user cannot be read."""

    def __init__(self, why: str) -> None:
        super().__init__(Exit.DISK, why)


class _Connection(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: Path, seconds: float | None) -> None:
        super().__init__("localhost")
        self._seconds = seconds
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._seconds)
        self.sock.connect(str(self._path))


class PeerClient:
    """
    Asks one peer.

    :param place: where it is talked to.
    :param seconds: how long it may be silent; ``None`` for ever.
    :param said: what a person has called it by, to say which is meant.
    """

    def __init__(
        self, place: SocketPlace, seconds: float | None = None, said: str | None = None
    ) -> None:
        self.place = place
        self._seconds = seconds
        self._said = said

    @property
    def name(self) -> str:
        """The peer's name."""
        return self.place.name

    def typed(self, words: str) -> str:
        """Write how a person types a command for the same peer."""
        return f"p2p {words}" + (f" --peer {self._said}" if self._said else "")

    def get(self, path: str, **query: str | None) -> Any:
        """
        Ask for something.

        :raises CommandFailed: when there is no answer, or it is an error.
        """
        given = urlencode({name: value for name, value in query.items() if value is not None})
        return self.ask("GET", f"{path}?{given}" if given else path)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """
        Ask for something, or have something done; return the answer.

        :raises CommandFailed: when there is no answer, or it is an error.
        """
        [answer] = self.lines(method, path, body)
        return answer

    def lines(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """
        Give the lines of an answer as they come.

        :raises CommandFailed: when there is no answer, or it is an error.
        """
        content = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        for line in self._answer(method, path, content, headers):
            yield json.loads(line)

    def events(self, path: str, begun: Callable[[], None] = lambda: None) -> Iterator[Any]:
        """
        Give what server-sent events say, as they come.

        :param begun: is called once nothing more is missed.
        :raises CommandFailed: when there is no answer, or it is an error.
        """
        for line in self._answer("GET", path, None, {}, begun):
            if line.startswith(_EVENT_DATA):
                yield json.loads(line.removeprefix(_EVENT_DATA))

    def upload(self, path: str, content: BinaryIO, watch: Callable[[int], None]) -> Any:
        """
        Send a file, and return the answer.

        :param watch: is told how much of it has been sent, again and again.
        :raises UnreadableFile: when the file cannot be read, or gets shorter.
        :raises CommandFailed: when there is no answer, or it is an error.
        """
        size = os.fstat(content.fileno()).st_size
        whole = _exactly(content, size, watch)
        [line] = self._answer("PUT", path, whole, {"Content-Length": str(size)})
        return json.loads(line)

    def _answer(
        self,
        method: str,
        path: str,
        content: Any,
        headers: Mapping[str, str],
        begun: Callable[[], None] = lambda: None,
    ) -> Iterator[bytes]:
        connection = _Connection(self.place.path, self._seconds)
        try:
            # An answer that comes before all is sent says why the rest is not taken.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, content, headers)
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                error = json.loads(response.read())["error"]
                if error["code"] == _NO_SUCH_PATH:
                    old = f"{self.name} is of an earlier version and cannot do that: start it again"
                    error = {**error, "message": old}
                raise failure_of(error)
            begun()
            yield from response
        except (OSError, http.client.HTTPException, ValueError):
            raise CommandFailed(
                Exit.NO_NETWORK, f"{self.name} gives no answer; does it still run?"
            ) from None
        finally:
            connection.close()


def _exactly(content: BinaryIO, size: int, watch: Callable[[int], None]) -> Iterator[bytes]:
    """
    Read as much of a file as was announced: what came behind it would be a request of its own.

    :raises UnreadableFile: when it cannot be read, or has less, or more though its size is 0, as in
        /proc.
    """
    left = size
    while left and (piece := _read(content, min(left, _PIECE_BYTES))):
        left -= len(piece)
        yield piece
        watch(size - left)
    if left or (not size and _read(content, 1)):
        raise UnreadableFile("it has another size than it says: copy it first")


def _read(content: BinaryIO, most: int) -> bytes:
    # Whoever sends it would take it for an error of the connection.
    try:
        return content.read(most)
    except OSError as error:
        raise UnreadableFile(in_words(error)) from None


def failure_of(error: Mapping[str, Any]) -> CommandFailed:
    """Say why something failed, with what to choose from, if anything."""
    lines = [error["message"]]
    for hit in error["hits"]:
        lines.append(f"  {hit.get('number') or ''}  {hit['id']}  {hit['name']}  {hit['peer']}")
    return CommandFailed(error["exit"], "\n".join(lines), error["code"])


def _answering(place: SocketPlace, said: str | None = None) -> PeerClient:
    """
    Return a client of a daemon that answers: one that is stopped would be waited for, for ever.

    :raises CommandFailed: when it does not.
    """
    try:
        PeerClient(place, _ALIVE_SECONDS).get("/healthz")
    except CommandFailed as failed:
        if failed.code == Exit.NO_NETWORK:
            stopped = f"{place.name} does not answer: is process {place.pid} stopped, or very busy?"
            raise CommandFailed(Exit.NO_NETWORK, stopped) from None
    return PeerClient(place, said=said)


def find_peer(name: str | None) -> PeerClient:
    """
    Find the running peer that a command is for: the named one, or the only one.

    :param name: or the number of its process, as peers of several networks may have one name.
    :raises CommandFailed: when there is none, or several.
    """
    said, name = name, (name or os.environ.get(_PEER_VARIABLE) or "").lower()
    try:
        make_socket_folder()
    except OSError as error:
        raise CommandFailed(Exit.NO_NETWORK, f"no peer can be found: {in_words(error)}") from None
    running = list(running_peers())
    if (chosen := _chosen(running, name, "peers", "--peer")) is not None:
        return _answering(chosen, said)
    raise _not_running(
        running,
        f"no peer {name}",
        "no peer of yours runs here; start one: p2p peer --name s1 --background,"
        " or say --registry HOST:PORT to find and get without one",
    )


def find_registry(network: str) -> PeerClient:
    """
    Find the running registry that is meant: that of a network, or the only one.

    :param network: its name; or the number of the registry's process, as several of one network may
        run here; empty for the only one.
    :raises CommandFailed: when there is none, or several.
    """
    running = list(running_registries())
    if (chosen := _chosen(running, network, "registries", "--of-registry")) is not None:
        return _answering(chosen)
    raise _not_running(
        running,
        f"no registry of {network}",
        "no registry of yours runs here; start one: p2p registry --background",
    )


def _not_running(running: Sequence[SocketPlace], meant: str, none: str) -> CommandFailed:
    """Say that what is meant does not run, and what does; or what to do where nothing does."""
    names = ", ".join(place.name for place in running)
    said = f"{meant} runs; there is {names}" if running else none
    return CommandFailed(Exit.NO_NETWORK, said)


def _chosen(
    running: Sequence[SocketPlace], name: str, kind: str, option: str
) -> SocketPlace | None:
    """
    Choose the daemon of a name, or of a process with that number; without a name, the only one.

    :param option: by which a person says which one.
    :returns: nothing where there is none.
    :raises CommandFailed: when there are several.
    """
    chosen = [place for place in running if name in ("", place.name)]
    chosen = chosen or [place for place in running if name == str(place.pid)]
    if len(chosen) <= 1:
        return chosen[0] if chosen else None
    names = [place.name for place in chosen]
    if len(set(names)) == len(names):
        each, first = f": {', '.join(names)}", names[0]
    else:
        pids = ", ".join(f"{place.pid} ({place.name})" for place in chosen)
        each, first = f", as processes {pids}", str(chosen[0].pid)
    raise CommandFailed(Exit.USAGE, f"several {kind} run{each}; say which, as in {option} {first}")
