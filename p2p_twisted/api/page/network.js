// Know the whole network: ask for it as long as the page is seen, and tell what has changed.

import { ask } from "./events.js";

const LEAST_MS = 900;
const PER_PEER_MS = 5;
const SOON_MS = 120;
const AFTER_FAULT_MS = 2000;

const key = ([a, b]) => `${a}\n${b}`;

/** Compare two states of the network. */
function changesOf(before, now) {
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

/** Ask a registry, which knows who is there, but no links. */
async function readMembers() {
  const members = new Map();
  let next = "";
  while (next !== null) {
    const answer = await ask("GET", `/v1/members?after=${encodeURIComponent(next)}`);
    for (const member of answer.members) members.set(member.name, member);
    next = answer.next;
  }
  const peers = new Map([...members.keys()].map((name) => [name, new Set()]));
  const silent = new Set([...members.values()].filter((m) => !m.is_listening).map((m) => m.name));
  return { own: "", peers, links: [], silent, members };
}

/** The network as this daemon knows it; "changed" is told to its listener. */
export class Network {
  state = { own: "", peers: new Map(), links: [], silent: new Set(), members: new Map() };
  #own;
  #tell;
  #timer = null;
  #isAsking = false;
  #isAskedAgain = false;

  /** @param own the peer's name; null where a registry is asked. */
  constructor(own, tell) {
    this.#own = own;
    this.#tell = tell;
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
    try {
      const now =
        this.#own === null ? await readMembers() : readTopology(this.#own, await ask("GET", "/v1/topology"));
      const changes = changesOf(this.state, now);
      this.state = now;
      this.#tell(now, changes);
      pause = Math.max(LEAST_MS, now.peers.size * PER_PEER_MS);
    } catch {
      // Told where the events are read, which end as well.
    }
    this.#isAsking = false;
    this.#after(this.#isAskedAgain ? SOON_MS : pause);
    this.#isAskedAgain = false;
  }
}
