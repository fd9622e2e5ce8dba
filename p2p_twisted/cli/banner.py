"""Tell the user what runs where, and what to try."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from p2p_twisted.cli.samples import Sample, samples_of
from p2p_twisted.wire.limits import MIB

PEERS_SHOWN: Final = 6

_ALWAYS: Final = (
    ("TOPO", "who is linked with whom"),
    ("find f", "search the files of all peers"),
)
_WITH_OTHERS: Final = (
    ("f2", "download f2.txt; its name will do"),
    ("big.bin", "64 MiB, each of them verified"),
    ("album", "a folder, with everything in it"),
    ("push f1 --to @all", "give f1.txt to all the others"),
)
_AT_THE_END: Final = (
    ("help", "what else can be typed"),
    ("Stop", "stop the whole network; Ctrl-C does it as well"),
)


def where(peers: int, registry: str, directory: Path) -> str:
    """
    Write what runs where.

    :param registry: where it listens.
    :param directory: with all files of the network.
    """
    return "\n".join(
        [
            f"\nAll of it runs on this machine, with its files in {directory}\n",
            *_rows([("registry", registry), *_places(peers)]),
            "",
        ]
    )


def to_try(peers: int) -> str:
    """Write what the user can type at the console of s1."""
    rows = _ALWAYS + (_WITH_OTHERS if peers > 1 else ()) + _AT_THE_END
    return "\n".join(["This is the console of s1. To try:\n", *_rows(rows), ""])


def _places(peers: int) -> list[tuple[str, str]]:
    shown = peers if peers <= PEERS_SHOWN else PEERS_SHOWN - 1
    places = [
        (f"s{number}", "shares " + ", ".join(_labels(samples_of(number, peers))))
        for number in range(1, shown + 1)
    ]
    if shown < peers:
        first = shown + 1
        places.append((f"s{first} to s{peers}", f"share f{first}.txt to f{peers}.txt"))
    return places


def _labels(samples: list[Sample]) -> list[str]:
    """Return the names of the files, and each folder's once."""
    labels = []
    for path, content in samples:
        top, is_below, _ = path.partition("/")
        size = f" ({content // MIB} MiB)" if isinstance(content, int) and content >= MIB else ""
        labels.append(f"{top}/" if is_below else top + size)
    return list(dict.fromkeys(labels))


def _rows(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(head) for head, _ in rows)
    return [f"  {head:<{width}}  {text}" for head, text in rows]
