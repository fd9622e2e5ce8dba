// Know who is in a registry: read it once, and then follow what the registry tells.

import { ask } from "./events.js";
import { changesOf } from "./network.js";

const SOON_MS = 100;
/** Of very many peers the table takes longer. */
const PER_PEER_MS = 0.2;
const AGAIN_MS = 2000;

async function readMembers() {
  const members = new Map();
  let next = "";
  while (next !== null) {
    const answer = await ask("GET", `/v1/members?after=${encodeURIComponent(next)}`);
    for (const member of answer.members) members.set(member.name, member);
    next = answer.next;
  }
  return members;
}

/** The network as a registry knows it: who is there, but no links. */
export function networkOf(members) {
  const peers = new Map([...members.keys()].map((name) => [name, new Set()]));
  const silent = new Set([...members.values()].filter((m) => !m.is_listening).map((m) => m.name));
  return { own: "", peers, links: [], silent, members };
}

/** The peers of a registry; changes are told to its listener. */
export class Members {
  state = networkOf(new Map());
  #tell;
  #events = [];
  #timer = null;
  #isStale = false;
  #isFirst = true;

  constructor(tell) {
    this.#tell = tell;
  }

  /** Read all anew, as what was told since is not all. */
  look() {
    this.#isStale = true;
    this.#soon();
  }

  /** Take in that a peer is registered, or forgotten. */
  happened(event) {
    this.#events.push(event);
    this.#soon();
  }

  #soon(milliseconds = Math.max(SOON_MS, this.state.members.size * PER_PEER_MS)) {
    this.#timer ??= setTimeout(() => this.#update(), milliseconds);
  }

  async #update() {
    const members = await this.#read();
    this.#timer = null;
    if (members !== null) this.#show(members);
    if (this.#isStale || this.#events.length) this.#soon(members === null ? AGAIN_MS : undefined);
  }

  async #read() {
    if (!this.#isStale) return new Map(this.state.members);
    this.#isStale = false;
    try {
      return await readMembers();
    } catch {
      // Told where the events are read, which end as well.
      this.#isStale = true;
      return null;
    }
  }

  /** Show who is in, with what was told meanwhile: to take that in twice does no harm. */
  #show(members) {
    const whys = new Map();
    for (const { kind, member, name, why } of this.#events.splice(0)) {
      if (kind === "registered") members.set(member.name, member);
      else if (members.delete(name)) whys.set(name, why);
    }
    const now = networkOf(members);
    const changes = { ...changesOf(this.state, now), whys, isFirst: this.#isFirst };
    this.state = now;
    this.#isFirst = false;
    this.#tell(now, changes);
  }
}
