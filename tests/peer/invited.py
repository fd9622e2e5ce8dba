"""Somebody who was invited to a private network, or is a member of it."""

from functools import partial

from p2p_twisted.peer import coming_in
from p2p_twisted.trust.invite import Invite
from tests.trust.private_network import NOW, PrivateNetwork

membership = partial(coming_in.membership, date=lambda: NOW)
NETWORK = PrivateNetwork()
ANNA = NETWORK.let_in("anna")
WHERE = ("127.0.0.1", 9_011)
CODE = Invite.make(bytes(32), ["127.0.0.1:9011"], NETWORK.rng).to_text()
