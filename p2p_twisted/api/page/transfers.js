// Downloads, by holder, with what can be done about them; and what others get from this peer.

import { ask } from "./events.js";
import { Items } from "./items.js";
import { button, byId, command, duration, el, nameOf, rate, setText, shown, size, took } from "./text.js";
import { Why } from "./why.js";

const PAUSABLE = new Set(["seeking", "waiting", "queued", "blocked", "checking", "copying", "receiving"]);
const RESUMABLE = new Set(["paused", "blocked"]);
const ENDED_LISTED = 100;

/** How two peers reach each other, unless it is directly. */
const detour = (how) => (how === "direct" ? "" : ` (${shown(how)})`);

function sentenceOf(download) {
  const { state, received, seconds_left: left, reason } = download;
  const parts = [];
  if (!download.is_ended || state === "incomplete") {
    parts.push(`${size(received)} of ${size(download.size)}`);
  } else parts.push(size(download.size));
  if (download.rate !== null) parts.push(rate(download.rate));
  if (left !== null) parts.push(`${duration(left)} left`);
  if (download.seconds !== null) parts.push(`in ${took(download.seconds)}`);
  if (download.path !== null) parts.push(`at ${shown(download.path)}`);
  if (reason !== null) parts.push(shown(reason));
  if (download.missing.length) parts.push(`${download.missing.length} missing`);
  if (download.unshared) parts.push(`${download.unshared} more not shared`);
  if (download.unreachable.length) {
    parts.push(`cannot reach ${download.unreachable.map((each) => shown(each.name)).join(", ")}`);
  }
  return parts.filter(Boolean).join(" · ");
}

/** Downloads and uploads as they stand; the listener is told what moves now. */
export class Transfers {
  #downloads = new Map();
  #uploads = new Map();
  #items = new Items(byId("downloads"), (download) => this.#made(download));
  #moves;
  #canAct;

  /** @param canAct whether there are buttons. */
  constructor(moves, canAct = true) {
    this.#moves = moves;
    this.#canAct = canAct;
    if (!canAct) return;
    const actions = byId("all-downloads");
    for (const [text, path] of [["Pause all", "pause"], ["Resume all", "resume"]]) {
      const does = () => this.#act("POST", `/v1/downloads/${path}`);
      actions.append(button(text, null, does, () => command(path)));
    }
  }

  /** Look at all anew. */
  async look() {
    this.take(await ask("GET", "/v1/transfers"));
  }

  /** Say anew why downloads go as they do, of which that is shown. */
  explain() {
    for (const [number, { is_ended: isEnded }] of this.#downloads) {
      if (!isEnded) this.#items.get(number).why.look();
    }
  }

  /** Show what is relayed for others, if anything is. */
  async showRelayed({ relays }) {
    const { relayed } = relays ? await ask("GET", "/v1/transfers") : { relayed: [] };
    const rows = relayed.map(({ holder, requester, copied, rate: pace }) =>
      el("li", { text: `${shown(holder)} to ${shown(requester)} · ${size(copied)} · ${rate(pace)}` }),
    );
    byId("relayed").replaceChildren(...rows);
    byId("relaying").hidden = rows.length === 0;
  }

  /** Have these, and no others. */
  take({ downloads, uploads }) {
    this.#downloads = new Map(downloads.map((each) => [each.number, each]));
    this.#uploads = new Map(uploads.map((each) => [`${each.peer}/${each.id}`, each]));
    this.#items.keep(this.#downloads);
    this.#show();
  }

  happened({ download }) {
    this.#downloads.set(download.number, download);
    const ended = [...this.#downloads.values()].filter((each) => each.is_ended);
    for (const { number } of ended.slice(0, -ENDED_LISTED)) this.#downloads.delete(number);
    this.#items.keep(this.#downloads);
    this.#show();
  }

  uploaded({ upload, is_ended: isEnded }) {
    const key = `${upload.peer}/${upload.id}`;
    if (isEnded) this.#uploads.delete(key);
    else this.#uploads.set(key, upload);
    this.#show();
  }

  #show() {
    for (const download of this.#downloads.values()) this.#update(download);
    byId("no-downloads").hidden = this.#downloads.size > 0;
    const uploads = [...this.#uploads.values()];
    const rows = uploads.map(({ name, peer, sent, rate: pace, how }) =>
      el("li", {}, nameOf(name), ` to ${shown(peer)}${detour(how)} · ${size(sent)} · ${rate(pace)}`),
    );
    byId("uploads").replaceChildren(...rows);
    byId("no-uploads").hidden = uploads.length > 0;
    const receiving = [...this.#downloads.values()].filter((each) => each.state === "receiving");
    const from = receiving.flatMap((each) => each.holders.filter((holder) => holder.rate > 0));
    this.#moves({
      down: receiving.reduce((sum, each) => sum + (each.rate ?? 0), 0),
      up: uploads.reduce((sum, each) => sum + each.rate, 0),
      from: new Set(from.map((each) => each.peer)),
      to: new Set(uploads.map((each) => each.peer)),
    });
  }

  #update(download) {
    const view = this.#items.of(download.number, download);
    view.item.className = download.state;
    view.bar.value = download.size ? download.received / download.size : Number(download.is_ended);
    view.bar.hidden = download.is_ended;
    setText(view.text, sentenceOf(download));
    setText(view.state, download.state);
    if (this.#canAct) this.#offer(view, download);
    if (view.shown !== download.state) view.why.look();
    view.shown = download.state;
    const holders = download.holders.map(({ peer, received, rate: pace, how }) =>
      el("li", {}, nameOf(peer), el("meter", {
        min: 0, max: 1, value: download.received ? received / download.received : 0,
        "aria-label": `Part from ${shown(peer)}`,
      }), `${size(received)} · ${rate(pace)}${detour(how)}`),
    );
    view.holders.replaceChildren(...holders);
  }

  /** Show the buttons for what can be done; of one that goes away, the focus goes to the next. */
  #offer({ pause, resume, cancel, item }, { state, id, is_ended: isEnded, is_kept: isKept }) {
    const focused = item.contains(document.activeElement) ? document.activeElement : null;
    // What has no id is looked for until its holder has hashed it: there is nothing to pause yet.
    pause.hidden = !PAUSABLE.has(state) || !id;
    resume.hidden = !RESUMABLE.has(state);
    cancel.hidden = isEnded && !isKept;
    if (focused?.hidden) ([pause, resume, cancel].find((each) => !each.hidden) ?? item).focus();
  }

  #made({ number, name }) {
    const bar = el("progress", { max: 1, "aria-label": `Progress of ${shown(name)}` });
    const [text, state] = [el("p", { class: "quiet" }), el("span", { class: "tag" })];
    const holders = el("ul", { class: "holders", "aria-label": `Holders of ${shown(name)}` });
    const why = new Why(number, name);
    const buttons = this.#canAct ? this.#buttons(number, name, why) : {};
    const actions = el("div", { class: "actions" }, ...Object.values(buttons));
    const head = el("div", { class: "head" }, el("strong", {}, nameOf(name)), state, actions);
    const item = el("li", { tabindex: -1 }, head, bar, text, holders, why.item);
    return { item, bar, text, state, holders, why, ...buttons };
  }

  #buttons(number, name, why) {
    const act = (text, method, path, word) =>
      button(text, `${text} ${shown(name)}`, () => this.#act(method, path), () => command(word, `${number}`));
    const path = `/v1/downloads/${number}`;
    return {
      pause: act("Pause", "POST", `${path}/pause`, "pause"),
      resume: act("Resume", "POST", `${path}/resume`, "resume"),
      cancel: act("Cancel", "DELETE", path, "cancel"),
      explain: button("Why?", `Why ${shown(name)} goes as it does`, () => why.toggle(), () => command("explain", `${number}`)),
    };
  }

  async #act(method, path) {
    await ask(method, path);
    await this.look();
  }
}
