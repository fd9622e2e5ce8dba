// What this peer shares: a list, files to drop, and what ends it.

import { ask, sharePath, upload } from "./events.js";
import { attempt, button, byId, command, count, el, isOwn, nameOf, renew, say, setText, showCommand, shown, size } from "./text.js";

const SHOWN = 300;
const AT_ONCE = 2;
const CHECK_MS = 700;
const PER_FILE_MS = 2;
const LIST_MS = 10000;

/** List the files that were dropped, with those in folders: pairs of a name and a file. */
async function filesOf(items) {
  const found = [];
  const walk = async (entry, path) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push([path + file.name, file]);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const each of some) await walk(each, `${path}${entry.name}/`);
    }
  };
  const entries = [...items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...items].map((item) => item.getAsFile?.() ?? null);
  for (const [i, entry] of entries.entries()) {
    if (entry) await walk(entry, "");
    else if (plain[i]) found.push([plain[i].name, plain[i]]);
  }
  return found;
}

const top = (name) => name.split("/")[0];

/** Find what is shared in the place of a dropped folder and is not in it: one of each folder, by its name. */
function othersIn(files, shared) {
  const dropped = new Set(files.map(([name]) => name.normalize()));
  const folders = new Map(files.map(([name]) => [top(name).normalize(), top(name)]));
  const others = shared.filter((name) => folders.has(top(name)) && !dropped.has(name));
  return new Map(others.map((name) => [folders.get(top(name)), name]));
}

/** List what was shared as a whole of what was dropped: files, and folders by their names. */
function wholes(files, shared) {
  const names = files.map(([name]) => name);
  const missed = new Set(names.filter((name) => !shared.includes(name)).map(top));
  return [...new Set(names.map(top))].filter((name) => !missed.has(name));
}

export class Sharing {
  #directory = "";
  #rows = byId("own-rows");
  #waiting = [];
  #running = 0;
  #all = 0;
  #refused = [];
  #activity;
  #asked = "";
  #listed = "";
  #lookAt = 0;
  #notBefore = 0;
  #pushes;
  #links;

  constructor(activity, pushes, links) {
    this.#activity = activity;
    this.#pushes = pushes;
    this.#links = links;
    const field = byId("share-files");
    field.addEventListener("change", () => {
      this.share([...field.files].map((file) => [file.name, file]));
      field.value = "";
    });
    const carries = (event) => event.dataTransfer?.types.includes("Files");
    const light = (isOn) => document.body.classList.toggle("dropping", isOn);
    addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      light(true);
    });
    addEventListener("dragleave", (event) => event.relatedTarget === null && light(false));
    addEventListener("drop", async (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      light(false);
      const to = this.#audienceAt(event.target);
      const files = await filesOf(event.dataTransfer.items);
      await attempt(() => (to ? this.#give(files, to) : this.share(files)));
    });
  }

  /** Share what was dropped and push it, but no folder of which more would be pushed than was dropped. */
  async #give(files, to) {
    const { hits, cut } = await ask("GET", "/v1/files");
    const others = othersIn(files, hits.filter(({ kind }) => kind === "file").map(({ name }) => name));
    const folders = cut ? files.map(([name]) => name).filter((name) => name !== top(name)).map(top) : others.keys();
    const left = new Set(folders);
    const meant = files.filter(([name]) => !left.has(top(name)));
    await this.#pushes.push(wholes(meant, await this.share(meant)), to);
    for (const folder of left) {
      const there = others.get(folder);
      const why = there
        ? `${there} is shared already, and would be pushed, too: push ${folder} from what is shared, or stop sharing it first`
        : "too much is shared here to see what is there under its name: push it from a shell, by p2p push";
      this.#activity.add(`${folder} is not pushed: ${why}`, "bad");
      say(`${folder} is not pushed: ${why}`, true);
    }
  }

  /** Return to whom something is pushed that is dropped at a place; null where it is only shared. */
  #audienceAt(target) {
    if (target.closest?.("#pushes")) return this.#pushes.audience;
    const peer = target.closest?.("#peer-rows tr")?.dataset.peer;
    return peer && !isOwn(peer) ? [peer] : null;
  }

  /** Look at the list again where the status says that there is something else, or it may have another name. */
  async check({ directory, files, size: bytes, hashing }) {
    if (directory !== this.#directory) {
      this.#directory = directory;
      showCommand(this.#rows, command("share", "FILE"));
      setText(byId("directory"), shown(directory));
    }
    const now = `${files} ${bytes} ${hashing}`;
    const isDue = now !== this.#asked || performance.now() >= this.#lookAt;
    if (!isDue || performance.now() < this.#notBefore) return;
    // A list of very many is not read at every change.
    this.#notBefore = performance.now() + files * PER_FILE_MS;
    this.#lookAt = performance.now() + LIST_MS;
    const { hits } = await ask("GET", "/v1/files");
    this.#asked = now;
    const listed = JSON.stringify(hits.slice(0, SHOWN));
    if (listed !== this.#listed) renew(this.#rows, hits.slice(0, SHOWN).map((hit) => this.#row(hit)));
    this.#listed = listed;
    const left = hits.length > SHOWN ? `; the first ${SHOWN} are shown` : "";
    const busy = hashing ? `, ${hashing} still being hashed` : "";
    setText(byId("own-outcome"), `${count(files, "file")}, ${size(bytes)}${busy}${left}`);
    byId("own").hidden = hits.length === 0;
  }

  /** Share new files, pairs of a name and a file; give the names of those that are shared then. */
  async share(files) {
    if (!this.#running && !this.#waiting.length) [this.#all, this.#refused] = [0, []];
    this.#all += files.length;
    const sent = files.map(([name, file]) => {
      const bar = el("progress", { max: file.size || 1, value: 0, "aria-label": `Sharing ${shown(name)}` });
      const item = el("li", {}, nameOf(name), bar);
      byId("sharing-now").append(item);
      return new Promise((resolve) => this.#waiting.push({ name, file, bar, item, resolve }));
    });
    while (this.#running < AT_ONCE && this.#waiting.length) this.#send(this.#waiting.shift());
    return (await Promise.all(sent)).filter((name) => name !== null);
  }

  async #send({ name, file, bar, item, resolve }) {
    this.#running += 1;
    try {
      await upload(name, file, (sent) => (bar.value = sent));
      resolve(name);
      showCommand(this.#rows, command("share", name));
    } catch (error) {
      resolve(null);
      this.#refused.push(`${name}: ${error.message}`);
      this.#activity.add(`not shared: ${name}: ${error.message}`, "bad");
    }
    // What is shared beside it does not hide what is not.
    const [first, ...others] = this.#refused;
    const more = others.length ? `, and ${others.length} more` : "";
    if (first) say(`${this.#refused.length} of ${this.#all} not shared: ${first}${more}`, true);
    else say(`${name} is shared`);
    item.remove();
    this.#running -= 1;
    this.#lookAgain();
    if (this.#waiting.length) this.#send(this.#waiting.shift());
  }

  #lookAgain() {
    setTimeout(async () => this.check(await ask("GET", "/v1/status")), CHECK_MS);
  }

  #row(hit) {
    const end = async () => {
      const { path } = await ask("DELETE", sharePath(hit.name));
      say(`${hit.name} is not shared any more; it is now ${path}`);
      this.#lookAgain();
    };
    const commandOf = () => command("unshare", hit.name);
    const push = button("Push", `Push ${shown(hit.name)}`, () => this.#pushes.choose(hit.name), () => command("push", hit.name, "--to", "@all"));
    const link = button("Link", `Link to ${shown(hit.name)}`, () => this.#links.choose(hit.name), () => command("link", hit.name, "--qr"));
    const stop = button("Stop sharing", `Stop sharing ${shown(hit.name)}`, end, commandOf);
    const name = el("th", { scope: "row" }, nameOf(hit.name));
    const facts = hit.id === null ? `hashed ${hit.hashed} %` : hit.id.slice(0, 16);
    name.append(el("div", { class: "quiet", text: hit.kind === "folder" ? `folder · ${facts}` : facts }));
    const amount = el("td", { class: "number", text: size(hit.size) });
    return el("tr", {}, name, amount, el("td", { class: "act" }, push, " ", ...(hit.kind === "folder" ? [] : [link, " "]), stop));
  }
}
