// Know the whole network: ask for it as long as the page is seen, and tell what has changed.

import { ask } from "./events.js";

const LEAST_MS = 900;
const PER_PEER_MS = 4;
/** For so many times as long as an answer took, the network is left alone: a slow one is not made slower. */
const REST = 1;
const SOON_MS = 120;
const AFTER_FAULT_MS = 2000;

const key = ([a, b]) => `${a}\n${b}`;

/** Compare two states of the network. */
export function changesOf(before, now) {
  const had = new Set(before.links.map(key));
  const has = new Set(now.links.map(key));
  const changes = {
    isFirst: before.peers.size === 0,
    came: [...now.peers.keys()].filter((name) => !before.peers.has(name)),
    went: [...before.peers.keys()].filter((name) => !now.peers.has(name)),
    born: now.links.filter((link) => !had.has(key(link))),
    lost: before.links.filter((link) => !has.has(key(link))),
  };
  const all = [changes.came, changes.went, changes.born, changes.lost];
  const isOther = before.silent.size !== now.silent.size || [...now.silent].some((name) => !before.silent.has(name));
  return { ...changes, isAny: isOther || all.some((each) => each.length > 0) };
}

/** Read the answer of a peer: who is there, and who is linked with whom. */
function readTopology(own, { peers, links, silent }) {
  const all = new Map(peers.map(({ name, neighbors }) => [name, new Set(neighbors)]));
  for (const name of silent) all.set(name, all.get(name) ?? new Set());
  return { own, peers: all, links, silent: new Set(silent), members: new Map() };
}

/**
 * Keep what was seen of peers that no answer tells of, as silent: those that stand between may be slow.
 *
 * A peer is gone where all answer, or most of those that it was linked with answer and do not name it.
 */
function keepUnheard(before, now) {
  if (now.silent.size === 0) return now;
  const answers = (name) => now.peers.has(name) && !now.silent.has(name);
  for (const [name, neighbors] of before.peers) {
    if (answers(name)) continue;
    const heard = [...neighbors].filter(answers).length;
    if (!now.peers.has(name) && 2 * heard > neighbors.size) continue;
    now.peers.set(name, neighbors);
    now.silent.add(name);
  }
  const has = new Set(now.links.map(key));
  const isKept = (link) => !has.has(key(link)) && link.every((end) => now.peers.has(end));
  const unheard = before.links.filter((link) => isKept(link) && link.some((end) => now.silent.has(end)));
  return { ...now, links: [...now.links, ...unheard] };
}

/** The network as a peer knows it; what has changed is told to the listener. */
export class Network {
  state = { own: "", peers: new Map(), links: [], silent: new Set(), members: new Map() };
  #own;
  #tell;

  /** @param own the peer's name. */
  constructor(own, tell) {
    this.#own = own;
    this.#tell = tell;
  }

  /** Take in what the peer answers when it is asked for the topology. */
  take(answer) {
    this.#have(keepUnheard(this.state, readTopology(this.#own, answer)), {});
  }

  /** Begin anew with such an answer: what is other than before is no news. */
  begin(answer) {
    this.#have(readTopology(this.#own, answer), { isFirst: true });
  }

  #have(now, how) {
    const changes = { ...changesOf(this.state, now), ...how };
    this.state = now;
    this.#tell(now, changes);
  }
}

/** Asks a peer for the topology as long as the page is seen. */
export class TopologyWatch {
  #network;
  #timer = null;
  #isAsking = false;
  #isAskedAgain = false;

  /** @param network takes the answers in. */
  constructor(network) {
    this.#network = network;
    document.addEventListener("visibilitychange", () => this.lookSoon());
  }

  /** Ask again at once, as something has just changed. */
  lookSoon() {
    if (this.#isAsking) this.#isAskedAgain = true;
    else this.#after(SOON_MS);
  }

  #after(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), milliseconds);
  }

  async #look() {
    if (document.hidden) return;
    this.#isAsking = true;
    let pause = AFTER_FAULT_MS;
    const begun = performance.now();
    try {
      this.#network.take(await ask("GET", "/v1/topology"));
      const peers = this.#network.state.peers.size;
      pause = Math.max(LEAST_MS, peers * PER_PEER_MS, (performance.now() - begun) * REST);
    } catch {
      // Told where the events are read, which end as well.
    }
    this.#isAsking = false;
    this.#after(this.#isAskedAgain ? SOON_MS : pause);
    this.#isAskedAgain = false;
  }
}
