"""Mistakes in how several registries share a store."""

from typing import Final

from tests.mutants.mutant import Mutant

OF_SEVERAL: Final = (
    Mutant(
        "registry/shared_records.py",
        '"create_revision": "0"',
        '"create_revision": "1"',
        "two registries let somebody in by one use of an invite",
        "registry/test_shared_records.py",
    ),
    Mutant(
        "registry/record_keeping.py",
        "elif number < known or self._shared.is_rewound:",
        "elif False:",
        "invites that were used are open again once etcd is restored from a backup",
        "registry/test_shared_records.py",
    ),
    Mutant(
        "registry/name_holders.py",
        "if is_current and each.is_met and",
        "if is_current and",
        "whoever has stolen one registry has another one certify whom it likes",
        "registry/test_shared_records.py",
    ),
    Mutant(
        "registry/etcd_keys.py",
        '"compare": [*names, *chain.from_iterable(places)],',
        '"compare": names,',
        "two registries give one place to two peers",
        "registry/test_etcd.py registry/test_several.py",
    ),
    Mutant(
        "registry/etcd_keys.py",
        "return 0 if kept is None else kept.revision",
        "return 0",
        "what a registry has stored, it can never change",
        "registry/test_etcd.py",
    ),
    Mutant(
        "registry/heard_change.py",
        "if is_pending(change.name):",
        "if False:",
        "what is undone at one registry undoes what another has stored",
        "registry/test_heard_change.py",
    ),
    Mutant(
        "registry/registry.py",
        "if (fault := self._store.fault) is not None:",
        "if (fault := None) is not None:",
        "a registry that is cut off renews what others forget",
        "registry/test_several.py",
    ),
    Mutant(
        "registry/registry.py",
        "if is_current or not is_refusal:",
        "if True:",
        "a peer that has just joined is unknown at another registry",
        "registry/test_several.py",
    ),
    Mutant(
        "registry/etcd_following.py",
        "was_lost = self.fault is not None",
        "was_lost = False",
        "all peers are forgotten after etcd was away for a minute",
        "registry/test_several.py",
    ),
    Mutant(
        "registry/notes.py",
        "return all(writer >= self.own for writer, at in self._heard.items() if at > recent)",
        "return all(writer >= self.own for writer in self._heard)",
        "nobody is forgotten any more once the first registry is gone",
        "registry/test_several.py",
    ),
    Mutant(
        "registry/lan_search.py",
        "return lambda heard: heard.beacon.root == root",
        "return lambda heard: True",
        "whoever answers first on a LAN keeps members from their registry",
        "registry/test_lan_search.py",
    ),
    Mutant(
        "registry/lan_search.py",
        "if len(known) < REGISTRIES_HEARD:",
        "if True:",
        "forged beacons fill a newcomer's memory",
        "registry/test_lan_search.py",
    ),
    Mutant(
        "registry/beacon_pace.py",
        "self.due = min(self.due, max(now, self._sent_at + 1 / BEACONS_PER_SECOND))",
        "self.due = now",
        "a flood of questions has a registry flood its network",
        "registry/test_beacon_pace.py registry/test_beacon_service.py",
    ),
    Mutant(
        "runtime/group_reader.py",
        "self.stopReading()",
        "pass",
        "a flood of packets takes a registry's whole core",
        "runtime/test_group_reader.py",
    ),
    Mutant(
        "peer/auto_registry.py",
        "self._say_of_others(known, heard)\n            return known",
        "pass",
        "a peer goes to whoever says it is a registry while the one that it knows is away",
        "peer/test_auto_registry.py",
    ),
    Mutant(
        "registry/client.py",
        "overlaps=is_known_again",
        "overlaps=False",
        "a newcomer waits 4 s for a registry that is halted once it has greeted",
        "testing/test_newcomers.py::test_in_soon",
    ),
    Mutant(
        "registry/etcd_keys.py",
        '"is_closed": held.is_closed,',
        "",
        "a registry takes peers for dead that another one has found behind firewalls",
        "registry/test_several.py",
    ),
    Mutant(
        "registry/session.py",
        "isinstance(asked, Enroll) and (refusal :=",
        "(refusal := None) and (refusal :=",
        "an invite is used up by a peer that is refused for its address",
        "registry/test_private_session.py",
    ),
)
