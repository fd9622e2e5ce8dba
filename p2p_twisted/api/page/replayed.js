// The network of a recording, as it was at the time that is played.

import { networkOf } from "./members.js";
import { changesOf, Network } from "./network.js";

/** The peers and links that a peer has recorded; or a simulation, which has no peer of its own. */
export class ReplayedPeers {
  #links = new Map();
  #silent = [];
  #network;
  #isNew = false;
  #isOther = false;

  constructor(own, show) {
    this.#network = new Network(own, show);
  }

  /** Begin with how things stood. */
  begin({ peers, silent }) {
    this.#links = new Map(peers.map(({ name, neighbors }) => [name, neighbors]));
    this.#silent = silent;
    this.#isNew = true;
  }

  /** Take in what has changed; what a silent peer has told last stays. */
  happened({ came, went, changed, silent }) {
    const stay = new Set([...silent, ...came]);
    for (const name of [...this.#silent, ...went]) if (!stay.has(name)) this.#links.delete(name);
    for (const { name, neighbors } of changed) this.#links.set(name, neighbors);
    this.#silent = silent;
    this.#isOther = true;
  }

  /** Show what has changed since it was shown last. */
  show() {
    if (this.#isNew) this.#network.begin(this.#answer());
    else if (this.#isOther) this.#network.take(this.#answer());
    this.#isNew = this.#isOther = false;
  }

  /** What the peer would answer who asks it for the topology: links are those that both ends tell of. */
  #answer() {
    const told = new Map([...this.#links].map(([name, neighbors]) => [name, new Set(neighbors)]));
    const peers = [...this.#links].map(([name, neighbors]) => ({ name, neighbors }));
    const links = peers.flatMap(({ name, neighbors }) =>
      neighbors.filter((other) => name < other && told.get(other)?.has(name)).map((other) => [name, other]),
    );
    return { peers, links, silent: this.#silent };
  }
}

/** The peers that a registry has recorded. */
export class ReplayedMembers {
  #members = new Map();
  #whys = new Map();
  #shown = networkOf(new Map());
  #show;
  #isNew = false;

  constructor(show) {
    this.#show = show;
  }

  begin({ members }) {
    this.#members = new Map(members.map((member) => [member.name, member]));
    this.#whys.clear();
    this.#isNew = true;
  }

  happened({ kind, member, name, why }) {
    if (kind === "registered") this.#members.set(member.name, member);
    else if (this.#members.delete(name)) this.#whys.set(name, why);
  }

  show() {
    const now = networkOf(new Map(this.#members));
    const changes = { ...changesOf(this.#shown, now), whys: new Map(this.#whys), isFirst: this.#isNew };
    this.#shown = now;
    this.#isNew = false;
    this.#whys.clear();
    this.#show(now, changes);
  }
}
