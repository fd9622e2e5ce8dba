"""
Every message that can cross a connection, with its bounds.

A message is one frozen class; its verb is the class's :data:`verb` and its
fields are the members of the JSON object behind it. What a class cannot say
about a value (a path, a host) its attrs validator says. Decoding enforces all
of it: the values in a message are valid.
"""

from typing import Final

from p2p_twisted.wire.messages.ask import Ask, File, Hit, PeerRecord, Refuse, Told, Unshared, Want
from p2p_twisted.wire.messages.certifying import (
    Certified,
    Certify,
    Enroll,
    Invited,
    InviteRecord,
    Listed,
    ListRecords,
    MakeInvite,
    MemberRecord,
    Void,
)
from p2p_twisted.wire.messages.link import (
    Busy,
    Gossip,
    Graft,
    IHave,
    Link,
    Linked,
    Offers,
    Peers,
    Prune,
    Revoked,
)
from p2p_twisted.wire.messages.message import PROTOCOL, Bye, Error, Hello, Message, Ping, Pong, Size
from p2p_twisted.wire.messages.push import (
    Chunk,
    Done,
    Fetch,
    Gone,
    Have,
    HeldUp,
    More,
    Prefer,
    Push,
    Send,
    Whole,
    Wholes,
)
from p2p_twisted.wire.messages.receipts import (
    RECEIPT_STATES,
    Receipt,
    ReceiptState,
    Tally,
)
from p2p_twisted.wire.messages.registry import Join, Leave, Renew, Report, Welcome
from p2p_twisted.wire.messages.relay import Meet, Meeting, Met, Placed, Relay

__all__ = [
    "MESSAGES",
    "PROTOCOL",
    "RECEIPT_STATES",
    "Ask",
    "Busy",
    "Bye",
    "Certified",
    "Certify",
    "Chunk",
    "Done",
    "Enroll",
    "Error",
    "Fetch",
    "File",
    "Gone",
    "Gossip",
    "Graft",
    "Have",
    "HeldUp",
    "Hello",
    "Hit",
    "IHave",
    "InviteRecord",
    "Invited",
    "Join",
    "Leave",
    "Link",
    "Linked",
    "ListRecords",
    "Listed",
    "MakeInvite",
    "Meet",
    "Meeting",
    "MemberRecord",
    "Message",
    "Met",
    "More",
    "Offers",
    "PeerRecord",
    "Peers",
    "Ping",
    "Placed",
    "Pong",
    "Prefer",
    "Prune",
    "Push",
    "Receipt",
    "ReceiptState",
    "Refuse",
    "Relay",
    "Renew",
    "Report",
    "Revoked",
    "Send",
    "Size",
    "Tally",
    "Told",
    "Unshared",
    "Void",
    "Want",
    "Welcome",
    "Whole",
    "Wholes",
]

MESSAGES: Final[dict[str, type[Message]]] = {
    message.verb: message for message in Message.__subclasses__()
}
"""Every message's class, by verb."""
