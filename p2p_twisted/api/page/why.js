// Say why a download goes as it does: what limits it, each holder's part, and what happened.

import { ask } from "./events.js";
import { el, nameOf, rate, setText, shown, size, took } from "./text.js";

/** What one holder has come to, in a line. */
function holderOf({ holder, via, how, received, share, rate: pace, last, is_delivering: delivers }) {
  const way = [via ? ` asked by way of ${shown(via)}` : "", how === "direct" ? "" : ` (${shown(how)})`].join("");
  const parts = [`${size(received)}, ${Math.round(100 * share)} %`, rate(pace)];
  parts.push(delivers ? "delivers" : shown(last));
  return el("li", {}, nameOf(holder), `${way} · ${parts.filter(Boolean).join(" · ")}`);
}

/** What happened, with when. */
function noteOf({ at, text, times, until }) {
  const again = times > 1 ? ` (${times} times, until ${took(until)})` : "";
  return el("li", {}, el("span", { class: "when", text: took(at) }), ` ${shown(text)}${again}`);
}

/** The panel at one download: it is empty until it is asked for. */
export class Why {
  #number;
  #sentence = el("p", { role: "status" });
  #more = el("div", {});

  constructor(number, name) {
    this.#number = number;
    this.item = el("div", { class: "why", hidden: true }, this.#sentence, this.#more);
    this.name = name;
  }

  /** Show it, or hide it again. */
  async toggle() {
    this.item.hidden = !this.item.hidden;
    if (!this.item.hidden) await this.look();
  }

  /** Ask anew, if it is seen. */
  async look() {
    if (this.item.hidden) return;
    try {
      this.#show(await ask("GET", `/v1/explain?of=${this.#number}`));
    } catch (error) {
      setText(this.#sentence, shown(error.message));
      this.#more.replaceChildren();
    }
  }

  #show({ diagnosis, holders, notes }) {
    setText(this.#sentence, shown(diagnosis.sentence));
    const lists = [[holders.map(holderOf), "Holders"], [notes.map(noteOf), "What happened"]];
    const made = lists.filter(([items]) => items.length).map(([items, what]) =>
      el("ul", { class: "quiet", "aria-label": `${what}: ${shown(this.name)}` }, ...items),
    );
    this.#more.replaceChildren(...made);
  }
}
