// What is pushed, by this peer and to it: how far all are, what can be answered, and what is dropped on a peer.

import { ask, lines } from "./events.js";
import { Items } from "./items.js";
import { button, byId, command, duration, el, nameOf, onSubmit, rate, renew, say, setText, shown, size } from "./text.js";

const PENDING = ["fetching", "waiting", "asked", "refused", "no space", "failed", "off", "not heard from"];
const GETS = new Set(["asked", "refused", "failed"]);
const LISTED = 50;
const SOONEST_MS = 1000;
const LOOKED_AT = 3;

/** Write how many have it, and how it stands with the others. */
function countsOf({ counts, unaware, is_whole, is_unshared, is_done, offer }) {
  const all = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const parts = PENDING.filter((state) => counts[state]).map((state) => `${counts[state].toLocaleString("en")} ${state}`);
  if (unaware) parts.push(`${unaware.toLocaleString("en")} more tell nothing of it`);
  if (is_unshared) parts.push(`${shown(offer.sender)} shares it no more`);
  const least = is_whole ? "" : "at least ";
  const none = is_done && !unaware ? "nobody whom it is for is here" : "nobody tells of it yet";
  const have = all ? `${(counts.saved ?? 0).toLocaleString("en")} of ${least}${all.toLocaleString("en")} have it` : none;
  return [have, ...parts].join(" · ");
}

const audienceOf = ({ to }) => to.map(shown).join(", ");

/** Write what a push is: whose, or to whom, how large, and how this peer is with it. */
function sentenceOf(offer) {
  const until = new Date(offer.until * 1000).toLocaleString("en-GB");
  const whose = offer.state === null ? `to ${audienceOf(offer)}` : `from ${shown(offer.sender)}`;
  const parts = [whose, size(offer.size), `until ${until}`];
  if (offer.reason) parts.push(shown(offer.reason));
  return parts.join(" · ");
}

export class Pushes {
  #offers = new Map();
  #items = new Items(byId("push-list"), (offer) => this.#made(offer));
  #name = byId("push-name");
  #to = byId("push-to");
  #timer = null;
  #known = "";

  constructor() {
    const push = () => this.push([this.#name.value.trim()], this.audience);
    onSubmit(byId("push-form"), push, () => this.#command());
    document.addEventListener("visibilitychange", () => this.#lookSoon(0));
  }

  /** To whom it says that something is pushed. */
  get audience() {
    return this.#to.value.split(",").map((each) => each.trim().toLowerCase()).filter(Boolean);
  }

  /** Have the name of something shared be in the form. */
  choose(name) {
    this.#name.value = name;
    this.#to.focus();
    this.#to.select();
  }

  /** Suggest to whom something can be pushed. */
  know(groups, peers) {
    const all = ["@all", ...groups.map((each) => `@${each}`), ...peers];
    if (all.join() === this.#known) return;
    this.#known = all.join();
    byId("push-whom").replaceChildren(...all.map((value) => el("option", { value })));
  }

  /** Push what this peer shares, each by itself. */
  async push(names, to) {
    for (const name of names) {
      say(`looking for ${name} in what this peer shares`);
      try {
        for await (const step of lines("POST", "/v1/offers", { name, to })) this.#pushed(name, step);
      } catch (error) {
        say(`${name} is not pushed: ${error.message}`, true);
      }
    }
  }

  #pushed(name, { hashed, offer, error }) {
    if (error) throw new Error(error.message);
    if (hashed !== null) say(`hashing ${name}: ${hashed} %; it is pushed once that is done`);
    if (offer === null) return;
    const lacks = offer.left_out ? `; ${offer.left_out} in it not shared` : "";
    say(`${offer.name} is pushed to ${offer.to.join(", ")}${lacks}`);
    this.happened({ offer });
  }

  /** Look at all anew. */
  async look() {
    const { offers } = await ask("GET", "/v1/offers");
    this.#offers = new Map(offers.slice(-LISTED).map((each) => [each.number, each]));
    this.#showAll();
  }

  happened({ offer }) {
    const before = this.#offers.get(offer.number)?.state;
    if (offer.state === "asked" && before !== "asked" && !offer.is_over) {
      say(`${offer.sender} pushes ${offer.name}: accept or refuse it under Pushed`);
    }
    if (offer.is_over) this.#offers.delete(offer.number);
    else this.#offers.set(offer.number, offer);
    this.#showAll();
  }

  /** Show all that there are, and nothing else. */
  #showAll() {
    this.#items.keep(this.#offers);
    for (const offer of this.#offers.values()) this.#update(offer);
    byId("no-pushes").hidden = this.#offers.size > 0;
    this.#lookSoon(0);
  }

  #update(offer) {
    const view = this.#items.of(offer.number, offer);
    setText(view.text, sentenceOf(offer));
    setText(view.state, offer.state ?? `push ${offer.number}`);
    view.item.className = `push ${offer.state ?? "own"}`.replace(" space", "");
    view.end.hidden = offer.state !== null;
    view.accept.hidden = !GETS.has(offer.state);
    view.refuse.hidden = offer.state !== "asked";
  }

  #made({ number, name, kind }) {
    const act = (text, method, path, word) =>
      button(text, `${text} ${shown(name)}, push ${number}`, () => this.#act(method, `/v1/offers/${number}${path}`), () => command(word, `${number}`));
    const [end, accept, refuse] = [
      act("End", "DELETE", "", "unpush"),
      act("Accept", "POST", "/accept", "accept"),
      act("Refuse", "POST", "/refuse", "refuse"),
    ];
    accept.className = "main";
    const [state, text, counts] = [el("span", { class: "tag" }), el("p", { class: "quiet" }), el("p", { class: "quiet" })];
    const bar = el("progress", { max: 1, "aria-label": `How much of ${shown(name)} all have`, hidden: true });
    const rows = el("ul", { class: "holders", "aria-label": `Who has not got ${shown(name)}` });
    const title = el("strong", {}, nameOf(kind === "folder" ? `${name}/` : name));
    const head = el("div", { class: "head" }, title, state, el("div", { class: "actions" }, accept, refuse, end));
    const item = el("li", { tabindex: -1 }, head, text, bar, counts, rows);
    return { item, state, text, bar, counts, rows, end, accept, refuse, isDone: false };
  }

  #show(board) {
    const view = this.#items.get(board.offer.number);
    if (!view) return;
    view.isDone = board.is_done;
    view.bar.hidden = false;
    view.bar.value = board.share;
    const left = board.seconds_left === null || board.is_done ? "" : ` · ${duration(board.seconds_left)} left`;
    setText(view.counts, countsOf(board) + (board.rate && !board.is_done ? ` · ${rate(board.rate)}` : "") + left);
    const some = board.receipts.filter((each) => each.state !== "saved");
    const missing = (peers, state) => peers.map((peer) => ({ peer, state, received: 0, rate: 0, reason: "" }));
    const rest = [...missing(board.off, "off"), ...missing(board.unheard, "not heard from")];
    renew(view.rows, [...some, ...rest].map((each) => this.#row(each, board.offer.size)));
  }

  #row({ peer, state, received, rate: pace, reason }, whole) {
    const done = whole ? received / whole : 0;
    const meter = el("meter", { min: 0, max: 1, value: done, "aria-label": `How much ${shown(peer)} has` });
    const moving = state === "fetching" ? `${Math.floor(100 * done)} %${pace ? ` · ${rate(pace)}` : ""}` : state;
    return el("li", {}, nameOf(peer), meter, reason ? `${moving}: ${shown(reason)}` : moving);
  }

  #lookSoon(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lookAtBoards(), Math.max(milliseconds, SOONEST_MS / 4));
  }

  /** Look how far all are with the last of this peer's own; and again, as often as is of use. */
  async #lookAtBoards() {
    if (document.hidden) return;
    const own = [...this.#offers.values()].filter((each) => each.state === null);
    let again = Infinity;
    for (const { number } of own.slice(-LOOKED_AT)) {
      try {
        const board = await ask("GET", `/v1/offers/${number}`);
        this.#show(board);
        again = Math.min(again, board.look_again);
      } catch {
        // Told where the events are read, if the peer is gone.
        again = Math.min(again, 2);
      }
    }
    if (again < Infinity) this.#lookSoon(Math.max(SOONEST_MS, again * 1000));
  }

  async #act(method, path) {
    await ask(method, path, {});
    await this.look();
  }

  #command() {
    return command("push", this.#name.value.trim() || "FILE", "--to", this.audience.join(",") || "@all");
  }
}
