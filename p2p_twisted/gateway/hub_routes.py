"""The routes of the Hugging Face Hub that its clients need to get a model, from the network."""

import re
from functools import partial
from typing import Any, Final

import msgspec
from attrs import define, frozen

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.api_request import ApiRequest, answer
from p2p_twisted.gateway.content_answer import ContentAnswers
from p2p_twisted.gateway.content_hashes import ContentHashes
from p2p_twisted.gateway.hub_listing import HubListing
from p2p_twisted.gateway.hub_rows import siblings, tree_rows
from p2p_twisted.gateway.hub_snapshots import MAIN, HubSnapshots, NoSuchRevision, Snapshot
from p2p_twisted.gateway.origin_models import OriginModels
from p2p_twisted.peer_errors import NotFound
from p2p_twisted.wire.messages import Hit

_REPOSITORY: Final = r"(?P<name>[\w.-]+(?:/[\w.-]+)?)"
_INFO: Final = re.compile(
    rf"api/(?P<kind>models|datasets)/{_REPOSITORY}(?:/revision/(?P<revision>.+))?"
)
_TREE: Final = re.compile(
    rf"api/(?P<kind>models|datasets)/{_REPOSITORY}/tree/(?P<revision>[^/]+)(?:/(?P<path>.+))?"
)
_PATHS: Final = re.compile(
    rf"api/(?P<kind>models|datasets)/{_REPOSITORY}/paths-info/(?P<revision>[^/]+)"
)
_REFS: Final = re.compile(rf"api/(?P<kind>models|datasets)/{_REPOSITORY}/refs")
_MAY_READ: Final = re.compile(rf"api/(?P<kind>models|datasets)/{_REPOSITORY}/auth-check")
_FILE: Final = re.compile(
    rf"(?:(?P<kind>datasets)/)?{_REPOSITORY}/resolve/(?P<revision>[^/]+)/(?P<path>.+)"
)
_SPACE: Final = re.compile(r"(?:api/)?spaces/.+")
_SEARCH: Final = re.compile(r"api/(?:models|datasets)")
_DATASETS: Final = "datasets"


@frozen
class _Asked:
    """What a request is about."""

    folder: str
    name: str
    revision: str
    path: str

    @classmethod
    def of(cls, match: "re.Match[str]") -> "_Asked":
        given = match.groupdict()
        name = given["name"]
        folder = f"{_DATASETS}/{name}" if given["kind"] == _DATASETS else name
        return cls(folder, name, given.get("revision") or MAIN, given.get("path") or "")


@define(eq=False)
class HubRoutes:
    """
    Answers as the Hub does.

    :param hashes: of large files, as the Hub names these by them.
    :param origin: has what no peer has, if anything does.
    """

    _snapshots: HubSnapshots
    _answers: ContentAnswers
    _hashes: ContentHashes
    _origin: OriginModels | None = None

    async def answer(self, request: ApiRequest, path: str) -> None:
        """
        Answer a request.

        :param path: behind that of the hub.
        :raises BadRequest: when there is nothing there.
        :raises PeerError: when it cannot be had.
        """
        reading = (
            (_TREE, self._tree),
            (_FILE, self._file),
            (_REFS, self._refs),
            (_MAY_READ, self._may_read),
            (_INFO, self._info),
        )
        is_post = request.method == b"POST"
        for pattern, respond in ((_PATHS, self._paths),) if is_post else reading:
            if (match := pattern.fullmatch(path)) is not None:
                asked = _Asked.of(match)
                await respond(request, asked, await self._snapshot(request, asked))
                return
        raise _not_served(request, path)

    async def _snapshot(self, request: ApiRequest, asked: _Asked) -> Snapshot:
        try:
            finding = self._snapshots.find(asked.folder, asked.revision)
            found = await self._answers.in_time(finding)
        except NotFound as error:
            is_known = isinstance(error, NoSuchRevision)
            _say_why(request, "RevisionNotFound" if is_known else "RepoNotFound", error)
            raise
        request.setHeader("X-Repo-Commit", found.commit)
        return found

    async def _may_read(self, request: ApiRequest, _asked: _Asked, _all: Snapshot) -> None:
        _answer(request, {})

    async def _info(self, request: ApiRequest, asked: _Asked, snapshot: Snapshot) -> None:
        _answer(
            request,
            {
                "_id": snapshot.commit[:24],
                "id": asked.name,
                "modelId": asked.name,
                "sha": snapshot.commit,
                "private": False,
                "gated": False,
                "disabled": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "siblings": siblings(snapshot, self._hashes.known, _is_set(request, b"blobs")),
            },
        )

    async def _refs(self, request: ApiRequest, _asked: _Asked, snapshot: Snapshot) -> None:
        main = {"name": MAIN, "ref": f"refs/heads/{MAIN}", "targetCommit": snapshot.commit}
        _answer(request, {"branches": [main], "tags": [], "converts": []})

    async def _tree(self, request: ApiRequest, asked: _Asked, snapshot: Snapshot) -> None:
        is_recursive = _is_set(request, b"recursive")
        below = f"{asked.path}/" if asked.path else ""
        rows = tree_rows(snapshot, self._hashes.known, _is_set(request, b"expand"))
        found = {path: row for path, row in rows.items() if path.startswith(below)}
        if not found:
            raise self._no_entry(request, asked)
        _answer(
            request,
            [row for path, row in found.items() if is_recursive or "/" not in path[len(below) :]],
        )

    async def _paths(self, request: ApiRequest, _asked: _Asked, snapshot: Snapshot) -> None:
        """Describe those files and folders named in the body that are there."""
        rows = tree_rows(snapshot, self._hashes.known, _is_set(request, b"expand"))
        paths = [each.decode("utf-8", "replace") for each in request.args.get(b"paths", [])]
        _answer(request, [rows[path] for path in dict.fromkeys(paths) if path in rows])

    async def _file(self, request: ApiRequest, asked: _Asked, snapshot: Snapshot) -> None:
        hit = snapshot.files.get(asked.path)
        if hit is None:
            raise self._no_entry(request, asked)
        etag = snapshot.digest(asked.path, self._hashes.known)
        if snapshot.listing is not None:
            await self._give_from_origin(request, hit, snapshot.listing, asked.path)
            return
        await self._answers.answer(request, hit, etag, snapshot.landing(asked.path))
        if etag is None:
            self._hashes.learn(hit)

    async def _give_from_origin(
        self, request: ApiRequest, hit: Hit, listing: HubListing, path: str
    ) -> None:
        assert self._origin is not None
        [file] = [each for each in listing.files if each.path == path]
        if self._origin.is_doubted(hit.name):
            # What somebody has of it may be something else, which the rest would complete.
            request.requestHeaders.removeHeader("Range")
        opened = partial(self._origin.open, listing, file)
        await self._answers.give(request, hit, file.digest, opened)

    def _no_entry(self, request: ApiRequest, asked: _Asked) -> NotFound:
        error = NotFound(f"there is no {asked.path} in {asked.folder}")
        _say_why(request, "EntryNotFound", error)
        return error


def _not_served(request: ApiRequest, path: str) -> BadRequest:
    """Say what there is instead of something that the Hub has."""
    if request.method == b"POST":
        request.setHeader("Allow", b"GET, HEAD")
        error = BadRequest("no_such_method", "nothing is uploaded, made or changed here")
    elif _SEARCH.fullmatch(path):
        error = BadRequest("no_such_path", "nothing is searched here: p2p find does that")
    elif _SPACE.fullmatch(path):
        error = BadRequest("no_such_path", "there are no spaces here, but models and datasets")
        request.setHeader("X-Error-Code", "RepoNotFound")
    else:
        why = "this is not served here: models and datasets can be listed and downloaded"
        error = BadRequest("no_such_path", why)
    request.setHeader("X-Error-Message", str(error))
    return error


def _is_set(request: ApiRequest, name: bytes) -> bool:
    """Return whether an option was said."""
    return request.args.get(name, [b""])[0].lower() in (b"true", b"1")


def _say_why(request: ApiRequest, code: str, error: Exception) -> None:
    """Say what is missing as clients of the Hub read it."""
    request.setHeader("X-Error-Code", code)
    request.setHeader("X-Error-Message", str(error).encode("ascii", "replace"))


def _answer(request: ApiRequest, value: Any) -> None:
    answer(request, msgspec.json.encode(value))
