"""Mistakes in what relays for others."""

from typing import Final

from tests.mutants.mutant import Mutant

OF_RELAYS: Final = (
    Mutant(
        "peer/network_session.py",
        "return self.near is not None and host == self.driver.me.host",
        "return True",
        "whoever is behind NAT elsewhere has a peer dial inside of its own network",
        "peer/test_nat.py",
    ),
    Mutant(
        "download/barriers.py",
        "if not self._known or now - self._hurried_at < limits.HURRIED_AGAIN_SECONDS:",
        "if not self._known:",
        "whoever says again and again that it relays keeps holders from being tried at all",
        "download/test_relays.py",
    ),
    Mutant(
        "relay/relay_places.py",
        "if place is None or place.holder != came.name:",
        "if place is None:",
        "whoever overhears a token is joined in the holder's place",
        "relay/test_relay_places.py",
    ),
    Mutant(
        "relay/relay_places.py",
        "self._met[came.token] = self._waiting.pop(came.token)",
        "self._met[came.token] = self._waiting[came.token]",
        "a token is good twice",
        "relay/test_relay_places.py",
    ),
    Mutant(
        "relay/relay_places.py",
        "len(own) >= limits.RELAY_PLACES_PER_PEER and 2 * len(places) >= self.most",
        "False",
        "one host takes all places",
        "relay/test_relay_places.py",
    ),
    Mutant(
        "relay/relay_places.py",
        "len(of_name) >= limits.RELAY_PLACES_PER_PEER",
        "False",
        "one neighbor takes all places of a relay for all",
        "relay/test_relay_places.py",
    ),
    Mutant(
        "relay/relay_places.py",
        "of_name = self.by_name or is_loopback(self.host)",
        "of_name = True",
        "who claims a name elsewhere takes its places",
        "relay/test_relay_places.py",
    ),
    Mutant(
        "relay/relay_places.py",
        "return len(self._met) < self.most",
        "return True",
        "any number of pairs is relayed",
        "relay/test_relay_places.py",
    ),
    Mutant(
        "relay/relaying.py",
        "TwofoldPace(self._limiter.pace(), self._up.pace())",
        "self._limiter.pace()",
        "what is relayed is faster than all that its peer may send",
        "relay/test_relaying.py",
    ),
    Mutant(
        "relay/relaying.py",
        "if not (self._for_all or is_neighbor):",
        "if False:",
        "strangers are relayed",
        "relay/test_relaying.py",
    ),
    Mutant(
        "relay/relaying.py",
        "connection.set_deadline(limits.MEET_WITHIN_SECONDS)",
        "connection.clear_deadline()",
        "who waits keeps a place for ever",
        "relay/test_relaying.py",
    ),
    Mutant(
        "relay/splicing.py",
        "if self._pipe.held or self._has_ended or self._pace.is_paused:",
        "if self._has_ended or self._pace.is_paused:",
        "the last bytes that one of two has sent are lost",
        "relay/test_splicing.py",
    ),
    Mutant(
        "relay/joint.py",
        "if self._moved_since < _FLOOR_BYTES:",
        "if False:",
        "two that say nothing keep a place for ever",
        "relay/test_relaying.py",
    ),
    Mutant(
        "relay/copying.py",
        "if self._is_full or self._pace.is_paused:",
        "if self._pace.is_paused:",
        "a relay keeps all that an end does not read",
        # The others would wait for long.
        "relay/test_splicing.py::CopyingTests::test_never_reads",
    ),
    Mutant(
        "download/leg.py",
        "if not isinstance(message, Push) or",
        "if",
        "through a relay anything is said to a closed peer",
        "download/test_relays.py::StrangersTests::test_only_a_push",
    ),
    Mutant(
        "download/relays.py",
        "self._put(self._never, leg, limits.LIAR_SECONDS)",
        "pass",
        "a relay that changes what it copies is asked again and again",
        "download/test_hostile_relays.py",
    ),
    Mutant(
        "download/relays.py",
        "self._put(self._last, leg, limits.UNREACHABLE_SECONDS)\n        if pending.verdict",
        "if pending.verdict",
        "a relay that holds back is the next one again",
        "download/test_hostile_relays.py",
    ),
    Mutant(
        "upload/uploads.py",
        "elif not self._may_dial(at.host):",
        "elif False:",
        "a request has a holder dial where it may not",
        "upload/test_uploads.py",
    ),
)
