// The daemon at a glance, its limits, its log, and what ends it.

import { ask, lines } from "./events.js";
import { button, byId, command, count, duration, el, inOrder, limitText, onSubmit, place, readLimit, say, setText, showCommand, shown, size } from "./text.js";

const LOG_LINES = 300;

function peerFacts(s) {
  const at = s.address ? place(s.address) : "has not joined yet";
  const registry = s.registered ? `${s.registry}, registered` : `${s.registry}, not registered`;
  return [
    ["Name", s.name],
    ["Network", s.certificate ? `${s.network}, private` : s.network],
    ["Certificate", s.certificate ? certificateText(s.certificate) : null],
    ["Address", s.reachable === false ? `${at}, but others cannot reach it` : at],
    ["Registry", s.registry_fault ? `${registry}: ${s.registry_fault}` : registry],
    ["Neighbors", inOrder(s.neighbors.map((each) => each.name)).join(", ") || "none"],
    ["Shares", `${count(s.files, "file")}, ${size(s.size)}`],
    ["Directory", s.directory],
    ["Shared, too", s.shares.map((each) => `${each.path} as ${each.name}/`).join(", ") || null],
    ["Left out", s.excluded ? count(s.excluded, "name") : null],
    ["Reshared", s.reshared === null ? null : count(s.reshared, "download")],
    ["Downloads", s.downloads],
    ["Up for", duration(s.uptime)],
    ["Version", s.version],
  ];
}

function certificateText({ admin, groups, expires, renewal_fault: fault }) {
  const parts = [admin ? "admin" : "member", ...(groups.length ? [`in ${groups.join(" ")}`] : [])];
  const until = new Date(expires * 1000).toLocaleString("en-GB");
  return `${parts.join(", ")}, until ${until}, ${fault ? `and cannot be renewed: ${fault}` : "renewed by itself"}`;
}

function registryFacts(s) {
  return [
    ["Registry of", s.network],
    ["Address", place(s)],
    ["Lets in", s.is_open ? "other machines, too" : "this machine alone"],
    ["Ports", `${s.ports[0]} to ${s.ports[1]}`],
    ["Peers", s.reserved ? `${s.members}, and ${s.reserved} that do not listen yet` : `${s.members}`],
    ["Up for", duration(s.uptime)],
    ["Version", s.version],
  ];
}

export class StatusCard {
  #fields = { up: byId("limit-up"), down: byId("limit-down") };
  #facts = new Map();
  #ended;

  /** @param ended is called once this peer has been ended here, and told how. */
  constructor(ended) {
    this.#ended = ended;
    for (const [way, field] of Object.entries(this.#fields)) {
      const commandOf = () => command("limit", way, field.value.trim() || "off");
      onSubmit(field.form, () => this.#limit(way, field.value), commandOf);
    }
    const actions = byId("endings");
    const end = (text, path, word, warning, how) =>
      button(text, null, () => this.#end(text, warning, path, how), () => command(word));
    actions.append(
      end("Leave", "/v1/leave", "leave", "This peer leaves the network and ends. What it shares is gone for the others.", "has left"),
      end("Stop all", "/v1/stop", "stop", "Every peer of the network ends, those of others included.", "has stopped the network"),
    );
  }

  show(status) {
    const facts = status.kind === "registry" ? registryFacts(status) : peerFacts(status);
    for (const [what, value] of facts) {
      if (!this.#facts.has(what)) {
        this.#facts.set(what, el("dd"));
        byId("facts").append(el("div", {}, el("dt", { text: what }), this.#facts.get(what)));
      }
      const fact = this.#facts.get(what);
      fact.parentElement.hidden = value === null;
      setText(fact, shown(`${value ?? ""}`));
    }
    if (status.limits) this.#showLimits(status.limits);
  }

  #showLimits(limits) {
    for (const [way, field] of Object.entries(this.#fields)) {
      if (document.activeElement !== field) field.value = limitText(limits[way]);
    }
  }

  async #limit(way, text) {
    const bytes = readLimit(text);
    if (bytes === undefined) return say("a limit is a rate such as 10M, 1.5M or 500K, or off", true);
    const limits = await ask("PATCH", "/v1/limits", { [way]: bytes });
    document.activeElement?.blur();
    this.#showLimits(limits);
    say(`the limit ${way} is ${limitText(limits[way])}`);
  }

  async #end(what, warning, path, how) {
    const dialog = byId("confirm");
    setText(byId("confirm-text"), warning);
    setText(byId("confirm-yes"), what);
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    if (dialog.returnValue !== "yes") return;
    await ask("POST", path, {});
    this.#ended(how);
  }
}

/** The log, read as long as it is open. */
export class Log {
  #stop = null;
  #text = byId("log-text");

  constructor() {
    const details = byId("log-details");
    const follow = () => this.#follow(details.open && !document.hidden);
    details.addEventListener("toggle", follow);
    document.addEventListener("visibilitychange", follow);
    showCommand(details, command("log", "--follow"));
  }

  async #follow(isWanted) {
    if (isWanted === (this.#stop !== null)) return;
    this.#stop?.abort();
    this.#stop = null;
    if (!isWanted) return;
    const { signal } = (this.#stop = new AbortController());
    this.#text.replaceChildren();
    try {
      for await (const line of lines("GET", "/v1/log?lines=100&follow=true", undefined, signal)) this.#add(line);
    } catch (error) {
      if (!signal.aborted) this.#add({ at: Date.now() / 1000, level: "error", text: error.message });
    }
  }

  #add({ at, level, text }) {
    const isAtEnd = this.#text.scrollHeight - this.#text.scrollTop - this.#text.clientHeight < 20;
    const time = new Date(at * 1000).toLocaleTimeString("en-GB");
    this.#text.append(el("span", { class: level, text: `${time} ${shown(text)}\n` }));
    while (this.#text.childNodes.length > LOG_LINES) this.#text.firstChild.remove();
    if (isAtEnd) this.#text.scrollTop = this.#text.scrollHeight;
  }
}
