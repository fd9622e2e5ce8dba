// Links to files, for phones and all who have no peer: they are made, shown to be scanned, and ended.

import { ask } from "./events.js";
import { Items } from "./items.js";
import { drawn } from "./qr.js";
import { button, byId, command, el, nameOf, onSubmit, readTime, say, setText, shown } from "./text.js";

const LONGEST_WAIT_MS = 600_000;

export class Links {
  #name = byId("link-name");
  #time = byId("link-time");
  #items = new Items(byId("link-list"), (link) => this.#made(link));
  #timer = null;

  constructor() {
    onSubmit(byId("link-form"), () => this.#make(), () => this.#command());
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
  }

  /** Have the name of a file be in the form. */
  choose(name) {
    this.#name.value = name;
    this.#time.focus();
    this.#time.select();
  }

  /** Look which are open: others may have been made elsewhere, and some have ended. */
  async look() {
    try {
      this.#show((await ask("GET", "/v1/links")).links);
    } catch {
      // Told where the status is read, if the peer is gone.
    }
  }

  async #make() {
    const seconds = readTime(this.#time.value);
    if (seconds === undefined) return say("a link is open for a time such as 30m, 2h or 7d", true);
    const made = await ask("POST", "/v1/links", { name: this.#name.value.trim(), seconds });
    await this.look();
    const view = this.#items.get(made.number);
    if (view) this.#draw(view, made);
  }

  async #end(number) {
    try {
      await ask("DELETE", `/v1/links/${number}`);
    } finally {
      await this.look();
    }
  }

  #show(links) {
    this.#items.keep(new Set(links.map((each) => each.number)));
    for (const link of links) this.#items.of(link.number, link);
    clearTimeout(this.#timer);
    if (!links.length) return;
    const first = Math.min(...links.map((each) => each.expires)) * 1000 - Date.now();
    this.#timer = setTimeout(() => this.look(), Math.min(Math.max(first, 0) + 1000, LONGEST_WAIT_MS));
  }

  #made(link) {
    const { number, name, url, expires } = link;
    const code = el("div", { class: "qr" });
    const view = { item: null, code, toggle: null };
    const all = () => command("links");
    view.toggle = button("Show QR code", `QR code of the link to ${shown(name)}`, () => this.#draw(view, link), all);
    view.toggle.setAttribute("aria-expanded", "false");
    const end = button("End", `End the link to ${shown(name)}`, () => this.#end(number), () => command("unlink", `${number}`));
    const until = `until ${new Date(expires * 1000).toLocaleString("en-GB")}`;
    const head = el("div", { class: "head" }, el("strong", {}, nameOf(name)), el("span", { class: "quiet", text: until }), el("div", { class: "actions" }, view.toggle, end));
    view.item = el("li", {}, head, el("code", { text: url }), code);
    return view;
  }

  /** Show the QR code of a link, or hide it. */
  #draw({ code, toggle, item }, { name, qr }) {
    const isShown = code.firstChild !== null;
    code.replaceChildren(...(isShown ? [] : [drawn(qr, `The link to ${shown(name)} as a QR code`)]));
    setText(toggle, isShown ? "Show QR code" : "Hide QR code");
    toggle.setAttribute("aria-expanded", `${!isShown}`);
    if (!isShown) item.scrollIntoView({ block: "nearest" });
  }

  #command() {
    return command("link", this.#name.value.trim() || "NAME", "--for", this.#time.value.trim() || "1h", "--qr");
  }
}
