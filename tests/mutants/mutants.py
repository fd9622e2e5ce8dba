"""Mistakes that somebody could make in one line, and that a test must notice."""

from typing import Final

from tests.mutants.mutant import Mutant
from tests.mutants.of_explaining import OF_EXPLAINING
from tests.mutants.of_faces import OF_FACES
from tests.mutants.of_members import OF_MEMBERS
from tests.mutants.of_offers import OF_OFFERS
from tests.mutants.of_overlay import OF_OVERLAY
from tests.mutants.of_queries import OF_QUERIES
from tests.mutants.of_relays import OF_RELAYS
from tests.mutants.of_saving import OF_SAVING
from tests.mutants.of_several import OF_SEVERAL
from tests.mutants.of_transfers import OF_TRANSFERS
from tests.mutants.of_trust import OF_TRUST

MUTANTS: Final = (
    *OF_EXPLAINING,
    *OF_FACES,
    *OF_OFFERS,
    *OF_OVERLAY,
    *OF_QUERIES,
    *OF_RELAYS,
    *OF_SAVING,
    *OF_SEVERAL,
    *OF_TRANSFERS,
    *OF_MEMBERS,
    *OF_TRUST,
    Mutant(
        "wire/intake.py",
        "if now - self._over_since >= limits.ABUSE_SECONDS:",
        "if False:",
        "a neighbor floods for ever",
        "wire/test_intake.py",
    ),
    Mutant(
        "wire/intake.py",
        "self._share.left(now - waited)",
        "self._share.left(now)",
        "on a busy machine a neighbor floods for ever",
        "wire/test_intake.py",
    ),
    Mutant(
        "wire/intake.py",
        " - (waited - self._waited_before)",
        "",
        "on a busy machine honest neighbors are not read",
        "wire/test_intake.py",
    ),
    Mutant(
        "wire/intake.py",
        "self._share.spend(spent)",
        "pass",
        "a neighbor takes a whole core",
        "wire/test_intake.py",
    ),
    Mutant(
        "registry/rules.py",
        "return token is not None and hmac.compare_digest(registration.token, token)",
        "return token is not None",
        "anybody may end anybody's lease",
        "registry/test_joining.py",
    ),
    Mutant(
        "registry/rules.py",
        "if holder is None or holder is mine:",
        "if True:",
        "two peers get one port",
        "registry/test_joining.py",
    ),
    Mutant(
        "registry/roster.py",
        "if held.expires <= now)",
        "if False)",
        "the dead are never forgotten",
        "registry/test_joining.py",
    ),
    Mutant(
        "registry/referral_pool.py",
        "index + (index >= own)",
        "index",
        "peers are referred to themselves",
        "registry/test_roster.py",
    ),
    Mutant(
        "registry/registry.py",
        "await self._commits.keep(changes, undo)",
        "self._commits.keep(changes, undo)",
        "a power cut takes what was promised",
        "registry/test_at_once.py",
    ),
    Mutant(
        "registry/group_commit.py",
        "undone = list(self._groups)",
        "undone = [self._groups[0]]",
        "what rests on what could not be stored is promised, or waits for ever",
        "registry/test_group_commit.py",
    ),
    Mutant(
        "registry/group_commit.py",
        "first, self._most = others,",
        "self._most =",
        "one that is in conflict has all who come with it refused",
        "registry/test_group_commit.py",
    ),
    Mutant(
        "registry/sqlite.py",
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
        "a power cut takes registrations",
        "registry/test_store.py",
    ),
    Mutant(
        "registry/rules.py",
        "refusals.perhaps_taken(holder, now) if holder.is_closed else refusal(holder, now)",
        "refusal(holder, now)",
        "a peer behind a firewall that has lost its disk is told for good that its name is taken",
        "registry/test_registry_reach.py",
    ),
    Mutant(
        "registry/registry.py",
        "dead = [held for held in silent if not held.is_closed]",
        "dead = silent",
        "whoever asks for the name of a peer behind a firewall has it",
        "registry/test_registry_reach.py",
    ),
    Mutant(
        "registry/registry.py",
        'lambda changes: self._apply(changes, "it was not kept")',
        "self._roster.apply",
        "whoever follows a registry takes what it could not keep for registered",
        "api/test_registry_events.py",
    ),
    Mutant(
        "wire/sending.py",
        "source.check()",
        "pass",
        "what was written to a file while it is pushed is sent",
        "upload/test_producer.py",
    ),
    Mutant(
        "wire/blocks.py",
        "self._socket.close()",
        "self._socket.detach()",
        "a download that is canceled leaves its connection open",
        "download/test_canceled.py",
    ),
    Mutant(
        "runtime/disk_thread.py",
        "if self._goes_on or self._is_slow or self._under_way:",
        "if self._goes_on:",
        "every call to a disk that stands still holds the reactor up",
        "runtime/test_disk_thread.py",
    ),
    Mutant(
        "wire/listener.py",
        "most = max(by_host.values(), key=len)",
        "most = next(each for each in by_host.values() if each)",
        "one host's silent connections drop those of others",
        "wire/test_listener.py",
    ),
    Mutant(
        "registry/rules.py",
        "if address != mine.address:",
        "if False:",
        "a copy of a peer's directory takes its name while it lives",
        "registry/test_joining.py",
    ),
    Mutant(
        "registry/roster.py",
        "kept = msgspec.convert(row, _StoredFields, strict=False)",
        "kept = _StoredFields(**row)",
        "all newcomers are told what they must refuse, since a registry's file is damaged",
        "registry/test_store.py",
    ),
    Mutant(
        "registry/refusals.py",
        "if not all(holder.is_listening for holder in holders):",
        "if False:",
        "newcomers give up because of places that nobody has taken",
        "registry/test_joining.py",
    ),
    Mutant(
        "library/entries.py",
        "is_status_changed = self.ctime_ns not in (0, later.ctime_ns)",
        "is_status_changed = False",
        "a file that was written to in place, and had its time put back, is shared as it was",
        "library/test_cache.py",
    ),
    Mutant(
        "wire/dialing.py",
        "bind = (self.host, 0) if is_possible else bindAddress",
        "bind = bindAddress",
        "peers of machines with several addresses are known where they do not listen",
        "wire/test_dialing.py",
    ),
    Mutant(
        "peer/lease.py",
        "if is_loopback(welcome.host) is not is_loopback(self._host):",
        "if False:",
        "a peer joins on loopback that listens elsewhere, or the other way round",
        "peer/test_lease_addresses.py",
    ),
    Mutant(
        "registry/refusals.py",
        "if not is_open and not is_loopback(connected):",
        "if False:",
        "a registry that others cannot reach takes peers that are open to them",
        "registry/test_joining.py",
    ),
    Mutant(
        "library/ignoring.py",
        'raise RulesUnreadable(errno.EPERM, f"{IGNORE_FILE}: {error}") from None',
        "return None",
        "what too large an ignore file names is shared",
        "library/test_ignoring.py",
    ),
    Mutant(
        "library/listing.py",
        "entries = [entry for entry in found if not _OURS.match(entry.name)]",
        "entries = list(found)",
        "logs and the registry's tokens are shared",
        "library/test_looking.py",
    ),
    Mutant(
        "runtime/pid_file.py",
        "fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "pass",
        "a second daemon takes the pid file of the first for a stale one",
        "runtime/test_twistd.py",
    ),
)
