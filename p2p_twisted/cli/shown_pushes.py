"""Read what a peer answers about pushes, to show it as at the console."""

from collections.abc import Mapping
from typing import Any

from p2p_twisted.console.push_lines import OFF, UNHEARD, ShownBoard, ShownPush, ShownReceipt


def push_of(offer: Mapping[str, Any]) -> ShownPush:
    """Read what is pushed."""
    return ShownPush(
        number=offer["number"],
        name=offer["name"],
        size=offer["size"],
        is_folder=offer["kind"] == "folder",
        sender=offer["sender"],
        to=offer["to"],
        until=offer["until"],
        state=offer["state"],
        reason=offer["reason"],
        is_over=offer["is_over"],
        left_out=offer.get("left_out", 0),
    )


def board_of(board: Mapping[str, Any]) -> ShownBoard:
    """Read how far all are."""
    size = board["offer"]["size"]
    receipts = [
        ShownReceipt(
            each["peer"],
            each["state"],
            each["received"] / size if size else 0.0,
            each["rate"],
            each["reason"],
        )
        for each in board["receipts"]
    ]
    return ShownBoard(
        push=push_of(board["offer"]),
        counts=board["counts"],
        rows=[
            *receipts,
            *(ShownReceipt(name, OFF) for name in board["off"]),
            *(ShownReceipt(name, UNHEARD) for name in board["unheard"]),
        ],
        done=board["share"],
        rate=board["rate"],
        seconds_left=board["seconds_left"],
        unaware=board["unaware"],
        is_whole=board["is_whole"],
        is_unshared=board["is_unshared"],
        is_done=board["is_done"],
    )
