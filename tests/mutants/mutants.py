"""Mistakes that somebody could make in one line, and that a test must notice."""

from typing import Final

from attrs import frozen


@frozen
class Mutant:
    """
    One line made wrong.

    :ivar file: below ``p2p_twisted``.
    :ivar old: occurs there exactly once.
    :ivar harm: what goes wrong with ``new`` in its place.
    :ivar tests: which of the tests, below ``tests``, must notice; separated by spaces.
    """

    file: str
    old: str
    new: str
    harm: str
    tests: str


MUTANTS: Final = (
    Mutant(
        "overlay/broadcast.py",
        "if self._has_had(gossip.id):",
        "if False:",
        "broadcasts are delivered more than once, and never die",
        "overlay",
    ),
    Mutant(
        "overlay/broadcast.py",
        "if gossip.age > gossip.life:",
        "if False:",
        "broadcasts are delivered after their time",
        "overlay",
    ),
    Mutant(
        "overlay/seen.py",
        "if len(self._young) >= _GENERATION:",
        "if False:",
        "memory of ids grows without bound",
        "overlay",
    ),
    Mutant(
        "overlay/queries.py",
        "is_redundant = ask.tree == wire_limits.ASK_HOPS",
        "is_redundant = True",
        "questions that fan out tear the tree apart",
        "overlay",
    ),
    Mutant(
        "overlay/queries.py",
        "is_mended = is_missed and not self._tree.is_eager(link)",
        "is_mended = False",
        "only broadcasts mend the tree, and there may be none",
        "overlay",
    ),
    Mutant(
        "overlay/queries.py",
        "query.is_hasty, query.deadline = True, now + min(per_hop * ask.hops, ask.wait)",
        "pass",
        "whoever seeks a file waits for the slowest of those near by",
        "overlay",
    ),
    Mutant(
        "overlay/membership.py",
        "(self.me.name < address.name or crossing.address != address)",
        "True",
        "of two dials that cross, neither becomes a link",
        "overlay",
    ),
    Mutant(
        "overlay/membership.py",
        "is_full = len(self.links) >= wire_limits.LINKS_MOST",
        "is_full = False",
        "newcomers get links that somebody else loses",
        "overlay",
    ),
    Mutant(
        "overlay/lookup_budget.py",
        "share.waiting.append(ask)",
        "pass",
        "a neighbor that asks twice at once is answered once",
        "overlay/test_lookup_budget.py",
    ),
    Mutant(
        "overlay/lookup_budget.py",
        "if not self.has_time(link, now) or len(share.waiting) >= limits.LOOKUPS_WAITING:",
        "if False:",
        "one neighbor has a peer search without end",
        "overlay/test_lookup_budget.py",
    ),
    Mutant(
        "wire/intake.py",
        "if now - self._over_since >= limits.ABUSE_SECONDS:",
        "if False:",
        "a neighbor floods for ever",
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
        "registry",
    ),
    Mutant(
        "registry/rules.py",
        "if holder is None or holder is mine:",
        "if True:",
        "two peers get one port",
        "registry",
    ),
    Mutant(
        "registry/roster.py",
        "if held.expires <= now)",
        "if False)",
        "the dead are never forgotten",
        "registry",
    ),
    Mutant(
        "registry/roster.py",
        "others = [name for name in chosen if name != besides]",
        "others = chosen",
        "peers are referred to themselves",
        "registry",
    ),
    Mutant(
        "storage/content.py",
        "if chunk_digest(chunk) != self.digests[start : start + DIGEST_BYTES]:",
        "if False:",
        "wrong bytes are kept",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "picker/chunk_picker.py",
        "if self._verified[index]:",
        "if False:",
        "a chunk that came twice counts twice",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "picker/chunk_picker.py",
        "self._first = min(self._first, index)",
        "pass",
        "what a lost holder owed is never asked for again",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "picker/holder.py",
        "return bool(self.pending) and is_late and not self.is_snubbed",
        "return False",
        "nobody else is asked for what a silent holder owes",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "picker/holder.py",
        "self.superseded.add(index)",
        "pass",
        "the second copy of a chunk is taken for a lie",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "picker/ranges.py",
        "if flags.find(1, first, first + count) >= 0:",
        "if False:",
        "the same chunks are announced without end",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "picker/super_seeding.py",
        "self._renew(self._requesters.pop(requester))",
        "self._requesters.pop(requester)",
        "what was revealed to somebody who left is revealed to nobody else first",
        "picker/test_super_seeding.py",
    ),
    Mutant(
        "picker/requested_chunks.py",
        "asked = runs(self._offered, 1, (first, count))",
        "pass",
        "chunks that are not there yet are sent",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "storage/part_file.py",
        "except FileExistsError:",
        "except FileNotFoundError:",
        "a download whose name is taken fails",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "storage/part_file.py",
        "raise DiskFault(str(fault), is_kept=False, is_full=fault.is_full) from error",
        "raise fault from error",
        "what a full disk could not make safe is taken for safe",
        "download/test_disk.py",
    ),
    Mutant(
        "bandwidth/throttle.py",
        "return max(0.0, self._paid_at - now)",
        "return 0.0",
        "no rate is kept",
        "bandwidth/test_throttle.py",
    ),
    Mutant(
        "download/fetching.py",
        'if not hello.is_from("peer", address.name, self.network):',
        "if False:",
        "whoever answers in the place of a holder gets a ticket",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "download/fetching.py",
        "if not self.dials.take(host, port, self.reactor.seconds()):",
        "if False:",
        "refusals can aim requesters at a host as often as they like",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "upload/awaited.py",
        "self._by_link[link] >= limits.FETCHES_AWAITED_PER_LINK",
        "False",
        "what one link brings is kept without bounds",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "download/trust.py",
        "is_liar = verdict is Verdict.LIED or way(hit) in others",
        "is_liar = True",
        "who serves a file that is written to is asked for nothing any more",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "wire/send_queue.py",
        "source.check()",
        "pass",
        "what was written to a file while it is pushed is sent",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "wire/blocks.py",
        "self._socket.close()",
        "self._socket.detach()",
        "a download that is canceled leaves its connection open",
        "bandwidth picker storage download upload",
    ),
    Mutant(
        "upload/small_sender.py",
        "if len(self._waiting) + len(file_ids) > limits.FILES_WAITING:",
        "if False:",
        "a requester has a holder remember any number of files",
        "upload/test_small_sender.py",
    ),
    Mutant(
        "download/small_receiver.py",
        "if size is None:",
        "if False:",
        "files that nobody asked for are taken",
        "download/test_small_swarm_hostile.py",
    ),
    Mutant(
        "picker/file_picker.py",
        "if is_free and not self.is_refused(holder, file_id):",
        "if is_free:",
        "a holder is asked again and again for what it does not have",
        "picker/test_file_picker.py",
    ),
    Mutant(
        "overlay/pending_query.py",
        "if self._is_within_share(link, content):",
        "if self._passed[content] < self.ask.limit:",
        "a neighbor that makes holders up hides those that there are",
        "overlay/test_queries.py",
    ),
    Mutant(
        "overlay/pending_query.py",
        "room = max(0, min(room, self._room_for(link)))",
        "room = max(0, min(room, limits.ASK_RECORDS - self.records))",
        "a neighbor that tells very much leaves no room for what others tell",
        "overlay/test_queries.py",
    ),
    Mutant(
        "overlay/pending_query.py",
        "return max(1, -(-len(record.links) // wire_limits.LINKS_MOST))",
        "return 1",
        "records of peers with more links than a peer may have make an answer four times as long",
        "overlay/test_queries.py",
    ),
    Mutant(
        "download/receiver.py",
        "            self._connection.intake.hold()",
        "            pass",
        "the next chunk comes over one that is still being written",
        "download/test_slow_disk.py",
    ),
    Mutant(
        "runtime/disk_thread.py",
        "if not self._is_slow and call.ended.acquire(timeout=QUICK_SECONDS):",
        "if call.ended.acquire(timeout=QUICK_SECONDS):",
        "every call to a disk that stands still holds the reactor up",
        "runtime/test_disk_thread.py",
    ),
    Mutant(
        "console/rendering.py",
        "return nsmallest(ROWS_SHOWN, peers,",
        "return nsmallest(len(tuple(peers)), peers,",
        "whoever answers decides how many rows are made and shown",
        "console/test_rendering.py",
    ),
    Mutant(
        "picker/holder_queue.py",
        "return self._led_to_nobody(hit), [self._taken[way] for way in _ways(hit)]",
        "return False, []",
        "holders that one neighbor has made up are asked before all others",
        "picker/test_holder_queue.py",
    ),
    Mutant(
        "storage/part_file.py",
        "and not self._is_right(index):",
        "and False:",
        "what an earlier run has left stands where a hole should be",
        "download/test_holes.py",
    ),
    Mutant(
        "overlay/neighbors.py",
        "pool = [link for link in self._of_crowded_hosts(host) if link != kept]",
        "pool = self._of_crowded_hosts(host)",
        "strangers take even the link that a peer dialed itself first",
        "overlay/test_membership.py",
    ),
    Mutant(
        "overlay/neighbors.py",
        "return crowded or list(self)",
        "return list(self)",
        "a host that asks for many links takes those of all others",
        "overlay/test_membership.py",
    ),
    Mutant(
        "overlay/neighbors.py",
        "return not self.is_verified and (is_new or self.is_checked)",
        "return False",
        "strangers that make addresses up take the places of peers that are there",
        "overlay/test_membership.py",
    ),
    Mutant(
        "overlay/admission.py",
        "if sum(who == group for _, who in self._forced) >= limits.LINKS_FORCED_PER_MINUTE:",
        "if False:",
        "a host takes places of others as often as it asks",
        "overlay/test_membership.py",
    ),
    Mutant(
        "overlay/claims.py",
        "return neighbor.rival == address and not neighbor.is_verified",
        "return neighbor.rival == address",
        "a peer that greets loses its name to another that does, too",
        "overlay/test_claims.py",
    ),
    Mutant(
        "upload/places.py",
        "if free > (1 if own else 0):",
        "if free > 0:",
        "one requester takes all places for uploads",
        "upload/test_uploads.py",
    ),
    Mutant(
        "upload/places.py",
        "if own or is_early or not late:",
        "if True:",
        "requesters that read slowly keep all others away",
        "upload/test_uploads.py",
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
        "overlay/pending_dials.py",
        "is_allowed = is_loopback(host) or self._limit.allows(host, port, now)",
        "is_allowed = True",
        "peers dial any number of ports of a host that has no part in this",
        "overlay/test_hostile.py",
    ),
)
