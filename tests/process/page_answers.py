"""What a peer answers its page, for tests and pictures."""

import hashlib
from collections.abc import Mapping
from typing import Any

_OWN = "s1"


def status(url: str) -> Mapping[str, Any]:
    """Make the status of ``s1``."""
    address = {"name": _OWN, "host": "127.0.0.1", "port": 9_001}
    return {
        "kind": "peer",
        "version": "1.0",
        "name": _OWN,
        "network": "default",
        "address": address,
        "registry": "127.0.0.1:9011",
        "registered": True,
        "registry_fault": None,
        "clock_ahead": 0.0,
        "clock_fault": None,
        "reachable": None,
        "neighbors": [{**address, "name": name} for name in ("s2", "s3")],
        "directory": "/home/ann/s1",
        "downloads": "/home/ann/s1/Downloads",
        "files": 12,
        "size": 81_538_443,
        "hashing": 0,
        "shares": [{"name": "lab", "path": "/data/lab"}],
        "excluded": 0,
        "reshared": None,
        "limits": {"up": None, "down": 10_485_760},
        "relays": 0,
        "relay_limit": 10_485_760,
        "uptime": 5_400.0,
        "certificate": None,
        "page": url,
    }


def hit(
    name: str, size: int, kind: str = "file", peer: str = _OWN, content: str = ""
) -> Mapping[str, Any]:
    """Make something that a peer shares."""
    return {
        "name": name,
        "peer": peer,
        "kind": kind,
        "size": size,
        "id": content or hashlib.sha256(f"{name} {size}".encode()).hexdigest(),
        "hashed": 100,
        "partial": False,
        "modified": None,
        "executable": False,
        "unshared": 0,
    }


def found(*hits: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make an answer that has some hits."""
    return {
        "hits": hits,
        "asked": 4,
        "answered": 4,
        "silent": [],
        "seconds": 0.04,
        "cut": False,
    }


LOG = ("joined as s1", "<img src=x onerror=\"document.title='ran'\">")
HITS: tuple[Mapping[str, Any], ...] = (
    hit("lecture/week-1.pdf", 2_411_724, peer="s2", content="a1f3" * 16),
    hit("week 1.pdf", 2_411_724, peer="s4", content="a1f3" * 16),
    hit("lecture/week-2.pdf", 5_242_880, peer="s3", content="9be0" * 16),
    hit("lecture", 734_003_200, "folder", peer="s5", content="77c2" * 16),
)


def download(number: int, name: str, state: str, **more: Any) -> Mapping[str, Any]:
    """Make a download."""
    return {
        "number": number,
        "name": name,
        "id": "a1f3" * 16,
        "size": 734_003_200,
        "received": 312_000_000,
        "files": 1,
        "state": state,
        "is_ended": state in ("saved", "failed", "canceled", "incomplete"),
        "is_resting": False,
        "exit": 0,
        "rate": None,
        "seconds_left": None,
        "holders": [],
        "path": None,
        "seconds": None,
        "was_here": None,
        "reason": None,
        "missing": [],
        "unreachable": [],
        **more,
    }


def explained(peer: str) -> Mapping[str, Any]:
    """Explain a download."""
    sentence = f"the --max-up of {peer} limits it, as {peer} says"
    holder = {
        "holder": peer,
        "via": peer,
        "how": f"through {peer}",
        "received": 312_000_000,
        "share": 1.0,
        "rate": 2e6,
        "last": peer,
        "is_delivering": False,
    }
    return {
        "diagnosis": {"sentence": sentence},
        "holders": [holder],
        "notes": [
            {"at": 0.01, "text": f"asked {peer}", "times": 1, "until": None},
            {"at": 4.2, "text": f"{peer}: busy", "times": 3, "until": 30.0},
        ],
    }


DOWNLOADS = (
    download(
        1,
        "lecture/week-1.pdf",
        "saved",
        path="/home/ann/s1/Downloads/week-1.pdf",
        seconds=0.8,
        size=2_411_724,
        received=2_411_724,
    ),
    download(2, "datasets/birds.tar", "paused"),
    download(
        3,
        "lecture/recording.mp4",
        "receiving",
        rate=11_534_336.0,
        seconds_left=37.0,
        holders=[
            {"peer": "s2", "received": 210_000_000, "rate": 8_388_608.0, "how": "direct"},
            {"peer": "s5", "received": 102_000_000, "rate": 3_145_728.0, "how": "reversed"},
        ],
    ),
)
UPLOADS = (
    {
        "name": "photos/harbor.jpg",
        "peer": "s4",
        "id": "5d" * 32,
        "sent": 1_300_000,
        "rate": 900_000.0,
        "how": "direct",
    },
)
