// Search all peers, list what one of them shares, and get what was found.

import { ask, Failed, lines } from "./events.js";
import { button, byId, byName, command, count, el, isOwn, nameOf, onSubmit, say, setText, showCommand, shown, size } from "./text.js";

const SHOWN = 500;
/** So many characters of an id are enough, as p2p shows them. */
const SHORT = 16;

/** Begin a download; return once it has begun, or cannot. */
async function get(hit, holder) {
  const name = hit.id ?? hit.name;
  const body = { names: [name], ...(holder === null ? {} : { peer: holder }) };
  for await (const step of lines("POST", "/v1/downloads", body)) {
    if (step.error) throw new Failed(step.error, 0);
    const failed = step.end?.failed[0];
    if (failed) throw new Failed({ message: failed.reason }, 0);
    if (step.end?.here.length) return say(`${hit.name} is here already`);
    // It goes on without anybody who reads along.
    return say(`getting ${step.download?.name ?? hit.name}`);
  }
}

const here = () => el("span", { class: "quiet", text: "is here" });

/** The results: one row for each content, with all that have it. */
export class Search {
  #groups = new Map();
  #rows = byId("hit-rows");
  #outcome = byId("search-outcome");
  #stop = new AbortController();
  #left = 0;

  constructor() {
    const [form, field] = [byId("search-form"), byId("search-text")];
    const commandOf = () => command("find", field.value.trim() || "TEXT");
    showCommand(form, commandOf());
    onSubmit(form, () => field.value.trim() && this.find(field.value.trim()), commandOf);
  }

  /** Search all peers, and show hits as they come. */
  async find(text) {
    const signal = this.#begin(`searching for “${text}”…`);
    try {
      for await (const step of lines("GET", `/v1/hits?text=${encodeURIComponent(text)}`, undefined, signal)) {
        if (step.error) throw new Failed(step.error, 0);
        this.#add(step.end?.hits ?? step.hits);
        if (step.end) this.#end(step.end, `for “${text}”`, ": try less of the name");
      }
    } catch (error) {
      if (!signal.aborted) this.#say(error.message);
    }
  }

  /** List what a peer shares. */
  async listPeer(name) {
    const signal = this.#begin(`asking ${name} for its files…`);
    showCommand(this.#rows, command("ls", name));
    byId("search").scrollIntoView({ block: "nearest" });
    try {
      const found = await ask("GET", `/v1/files?peer=${encodeURIComponent(name)}`);
      if (signal.aborted) return;
      this.#add(found.hits);
      this.#end(found, `of ${name}`);
    } catch (error) {
      if (!signal.aborted) this.#say(error.message);
    }
  }

  #begin(text) {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#groups.clear();
    this.#left = 0;
    this.#rows.replaceChildren();
    byId("hits").hidden = true;
    this.#say(text);
    return this.#stop.signal;
  }

  #say(text) {
    setText(this.#outcome, shown(text));
  }

  #end({ asked, answered, seconds, cut }, whose, ifNone = "") {
    this.#sort();
    const found = count(this.#groups.size + this.#left, "result");
    const left = this.#left ? `; the first ${SHOWN} are shown` : "";
    const some = cut ? "; there may be more, as some peers have not told all: search for more of the name" : "";
    const from = asked ? `, ${answered} of ${count(asked, "other peer")} answered` : "";
    this.#say(`${found} ${whose}${left}${from} (${seconds.toFixed(2)} s)${some}${this.#groups.size ? "" : ifNone}`);
  }

  #add(hits) {
    for (const hit of hits) {
      const key = hit.id ?? `${hit.peer}/${hit.name}`;
      const group = this.#groups.get(key);
      if (group) this.#extend(group, hit);
      else if (this.#groups.size < SHOWN) this.#groups.set(key, this.#made(hit));
      else this.#left += 1;
    }
    byId("hits").hidden = this.#groups.size === 0;
  }

  #extend(group, hit) {
    if (!group.names.has(hit.name) && group.names.size < 3) {
      group.names.add(hit.name);
      group.name.append(el("div", { class: "quiet" }, "also ", nameOf(hit.name)));
    }
    group.holders.add(hit.peer);
    setText(group.whose, [...group.holders].map(shown).join(", "));
    if (isOwn(hit.peer)) group.act.replaceChildren(here());
  }

  /** Put the rows in order, once all are there; unless somebody is about to use one of them. */
  #sort() {
    if (this.#rows.contains(document.activeElement)) return;
    const groups = [...this.#groups.values()].sort((a, b) => byName.compare(a.hit.name, b.hit.name));
    this.#rows.append(...groups.map(({ row }) => row));
  }

  #made(hit) {
    const name = el("th", { scope: "row" }, nameOf(hit.name));
    const facts = [
      hit.kind === "folder" && "folder",
      hit.partial && "still being downloaded there",
      hit.id === null && `still being hashed, ${hit.hashed} %`,
      hit.id?.slice(0, SHORT),
    ].filter(Boolean);
    name.append(el("div", { class: "quiet", text: facts.join(" · ") }));
    const whose = el("td", { text: shown(hit.peer) });
    const holder = hit.id === null ? hit.peer : null;
    const commandOf = () => command("get", hit.id?.slice(0, SHORT) ?? hit.name, ...(holder ? ["--from", holder] : []));
    const getting = button("Get", `Get ${shown(hit.name)}`, () => get(hit, holder), commandOf);
    const amount = el("td", { class: "number", text: size(hit.size) });
    const act = el("td", { class: "act" }, isOwn(hit.peer) ? here() : getting);
    const row = el("tr", {}, name, amount, whose, act);
    this.#rows.append(row);
    return { hit, names: new Set([hit.name]), holders: new Set([hit.peer]), name, whose, act, row };
  }
}
