// The table beside the map, and what has happened: for those who read, or cannot see the map.

import { button, byId, command, count, el, inOrder, nameOf, place, setText, shown } from "./text.js";

const LINES = 40;
const SHOWN = 1000;
const NAMED = 3;
const DAY_MS = 86_400_000;

/** List some names, or say how many there are. */
function some(names) {
  const told = names.slice(0, NAMED).map(shown).join(", ");
  return names.length > NAMED ? `${told} and ${names.length - NAMED} more` : told;
}

/** Write a time of the last day, or a day and a time. */
function since(seconds) {
  const at = new Date(seconds * 1000);
  const time = at.toLocaleTimeString("en-GB");
  return Date.now() - at < DAY_MS ? time : `${at.toLocaleDateString("en-CA")} ${time}`;
}

/** Write what has changed in the network, in sentences. */
export function sentencesOf({ isFirst, came, went, born, lost, whys }) {
  if (isFirst) return [];
  const all = new Set([...came, ...went]);
  const between = (links) => links.filter(([a, b]) => !all.has(a) && !all.has(b)).map((l) => l.join("–"));
  const [again, broken] = [between(born), between(lost)];
  const why = went.length === 1 && whys?.get(went[0]) ? `: ${whys.get(went[0])}` : "";
  return [
    [went, `${some(went)} ${went.length === 1 ? "is" : "are"} gone${why}`, "bad"],
    [came, `${some(came)} joined`, "good"],
    [broken, `${count(broken.length, "link")} ended: ${some(broken)}`, ""],
    [again, `${went.length ? "repaired: " : ""}new ${again.length === 1 ? "link" : "links"} ${some(again)}`, "good"],
  ].filter(([names]) => names.length > 0);
}

/** What has happened lately, the last on top. */
export class Activity {
  #list = byId("activity");
  #last = null;
  #now;

  /** @param now writes when it happens. */
  constructor(now = () => new Date().toLocaleTimeString("en-GB")) {
    this.#now = now;
  }

  clear() {
    this.#list.replaceChildren();
    this.#last = null;
  }

  add(text, kind = "") {
    if (this.#last?.text === text) {
      this.#last.times += 1;
      setText(this.#last.count, `× ${this.#last.times}`);
      return;
    }
    const [time, what] = [el("time", { text: this.#now() }), el("span", { class: kind, text: shown(text) })];
    const times = el("span", { class: "quiet" });
    this.#last = { text, times: 1, count: times };
    this.#list.prepend(el("li", {}, time, what, times));
    while (this.#list.children.length > LINES) this.#list.lastChild.remove();
  }
}

/** All peers: how many links each has, and with whom. */
export class PeerTable {
  #rows = new Map();
  #body = byId("peer-rows");
  #choose;

  /** @param choose is told which peer is chosen; null where none can be. */
  constructor(choose) {
    this.#choose = choose;
  }

  show({ own, peers, silent, members }, changes) {
    if (changes.came.length || changes.went.length) this.#list(peers, own, members.size > 0);
    setText(byId("more-peers"), this.#remark(peers.size, own));
    for (const [name, { links, with_ }] of this.#rows) {
      const member = members.get(name);
      const neighbors = inOrder(peers.get(name) ?? []);
      const rest = member ? since(member.since) : neighbors.map(shown).join(" ");
      setText(links, member ? place(member) : `${neighbors.length}`);
      setText(with_, silent.has(name) ? (member ? "does not listen yet" : "does not answer") : rest);
    }
  }

  /** Have a row for each peer, in order, and keep those that are there: one may have the focus. */
  #list(peers, own, isMember) {
    const names = inOrder(peers.keys()).slice(0, SHOWN);
    const rows = new Map(names.map((name) => [name, this.#rows.get(name) ?? this.#made(name, own, isMember)]));
    for (const [name, { row }] of this.#rows) if (!rows.has(name)) row.remove();
    let last = null;
    for (const { row } of rows.values()) {
      const next = last ? last.nextSibling : this.#body.firstChild;
      if (row !== next) this.#body.insertBefore(row, next);
      last = row;
    }
    this.#rows = rows;
  }

  /** Say what the rows do not: that there are more peers, or no others. */
  #remark(all, own) {
    if (all > SHOWN) return `These are the first ${SHOWN.toLocaleString("en")} of ${count(all, "peer")}.`;
    if (!this.#choose) return "";
    if (own) return all > 1 ? "" : "Nobody else is here yet. Start another peer: p2p peer --name NAME";
    return all ? "" : "Nobody is here yet. Start a peer: p2p peer --name NAME";
  }

  #made(name, own, isMember) {
    const choose = () => this.#choose(name);
    const peer = isMember || !this.#choose
      ? nameOf(name)
      : button(shown(name), `Files of ${shown(name)}`, choose, () => command("ls", name));
    const [links, with_] = [el("td", { class: "number" }), el("td", { class: "quiet" })];
    const head = el("th", { scope: "row" }, peer);
    if (name === own) head.append(el("span", { class: "tag", text: "this peer" }));
    return { row: el("tr", { "data-peer": name }, head, links, with_), links, with_ };
  }
}
