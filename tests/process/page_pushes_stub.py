"""Pushes, and links to files, that a page is only told of."""

from collections.abc import Mapping
from typing import Any

from p2p_twisted.peer.qr_code import qr_rows


def pushes(peer: str, name: str, reason: str) -> Mapping[str, Any]:
    """
    Make what is answered, by path, where this peer pushes something, and another one, too.

    :param peer: the other one.
    :param name: of what is pushed.
    :param reason: why somebody has not got it.
    """
    own = _offer(1, name, state=None)
    asked = _offer(2, name, sender=peer, state="asked", kind="folder")
    failed = _offer(3, name, sender=peer, state="no space", reason=reason, into=name)
    receipts = [
        _receipt(peer, "no space", reason=reason),
        _receipt("s3", "fetching", received=462_000_000, rate=3_355_443.0),
        _receipt("s5", "saved", received=734_003_200),
    ]
    board = {
        "offer": own,
        "counts": {"saved": 9, "fetching": 1, "no space": 1, "off": 1},
        "receipts": receipts,
        "off": ["s9"],
        "unheard": [],
        "is_whole": True,
        "received": 7_000_000_000,
        "rate": 25_480_396.0,
        "share": 0.72,
        "seconds_left": 72.0,
        "unaware": 2,
        "is_unshared": False,
        "is_done": False,
        "have_all": False,
        "look_again": 1.0,
    }
    return {"/v1/offers": {"offers": [own, asked, failed]}, "/v1/offers/1": board}


def links(name: str) -> Mapping[str, Any]:
    """Make what is answered, by path, where a link to a file is open."""
    url = "http://192.168.1.23:9012/uXo0v2v7mJx1kz5r0eH8Vw/week-1.pdf"
    link = {"number": 1, "name": name, "url": url, "expires": 1_900_000_000.0, "qr": qr_rows(url)}
    return {"/v1/links": {"links": [link]}}


def _offer(number: int, name: str, **more: Any) -> Mapping[str, Any]:
    return {
        "number": number,
        "id": "0" * 32,
        "file": "a1f3" * 16,
        "name": name,
        "size": 734_003_200,
        "kind": "file",
        "sender": "s1",
        "to": ["@all"],
        "issued": 1_800_000_000,
        "until": 1_800_604_800,
        "into": None,
        "download": None,
        "reason": "",
        "is_over": False,
        **more,
    }


def _receipt(peer: str, state: str, **more: Any) -> Mapping[str, Any]:
    return {"peer": peer, "state": state, "received": 0, "rate": 0.0, "reason": "", **more}
