// The page of a recording: put it together, and let its time pass.

import { ask, Failed, signIn } from "./events.js";
import { Activity } from "./peers.js";
import { Recorded } from "./recorded.js";
import { ReplayedMembers, ReplayedPeers } from "./replayed.js";
import { listenersOf, showing, showMoves } from "./showing.js";
import { byId, count, duration, el, setText, shown } from "./text.js";
import { Transfers } from "./transfers.js";

const TICK_MS = 50;
const SPEEDS = [1, 5, 20, 100, 500, 2000];

function notice(error) {
  const isRefused = error instanceof Failed && error.status === 403;
  const ended = "There is no answer: p2p replay has ended. Run it again.";
  const refused = "This browser is not signed in. Run p2p replay again, which opens this page with an address that lets it in.";
  setText(byId("notice"), isRefused ? refused : error instanceof Failed ? error.message : ended);
  byId("notice").hidden = false;
  document.body.classList.add("old");
}

/** The time that is played, as somebody has set it or as it passes. */
class Player {
  #recorded;
  #begins;
  #ends;
  #isVirtual;
  #moved;
  #at;
  #wanted = null;
  #isSeeking = false;
  #isPlaying = false;
  #last = 0;
  #slider = byId("position");
  #button = byId("play");
  #speed = byId("speed");

  /** @param moved is called whenever it is another time. */
  constructor({ begins, ends, of }, recorded, moved) {
    [this.#begins, this.#ends, this.#at] = [begins, ends, begins];
    [this.#recorded, this.#moved, this.#isVirtual] = [recorded, moved, of === "simulation"];
    this.#slider.max = ends - begins;
    this.#slider.addEventListener("input", () => this.seek(begins + Number(this.#slider.value)));
    this.#button.addEventListener("click", () => this.#play(!this.#isPlaying));
    this.#speed.append(...SPEEDS.map((times) => el("option", { value: times, text: `${times} ×` })));
    setInterval(() => this.#tick(performance.now()), TICK_MS);
  }

  /** Go to a time; of several that are wanted meanwhile, to the last one. */
  async seek(at) {
    this.#wanted = Math.min(Math.max(at, this.#begins), this.#ends);
    this.#at = this.#wanted;
    this.#tell("seeking");
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    while (this.#wanted !== null) {
      const wanted = this.#wanted;
      this.#wanted = null;
      await this.#recorded.seek(wanted);
    }
    this.#isSeeking = false;
    this.#moved();
    this.#tell();
  }

  #play(isPlaying) {
    this.#isPlaying = isPlaying;
    this.#last = performance.now();
    if (isPlaying && this.#at >= this.#ends) this.seek(this.#begins);
    this.#tell();
  }

  #tick(now) {
    const passed = (now - this.#last) / 1000;
    this.#last = now;
    if (!this.#isPlaying || this.#isSeeking || document.hidden) return;
    const to = Math.min(this.#at + passed * Number(this.#speed.value), this.#ends);
    this.#at = Math.max(this.#at, this.#recorded.advance(to));
    if (this.#at >= this.#ends) this.#isPlaying = false;
    this.#moved();
    this.#tell();
  }

  #tell(state = this.#isPlaying ? "playing" : "still") {
    const [passed, all] = [this.#at - this.#begins, this.#ends - this.#begins];
    const date = this.#isVirtual ? "" : `${new Date(this.#at * 1000).toLocaleString("en-GB")} · `;
    const text = `${date}${duration(passed)} of ${duration(all)}`;
    setText(byId("time"), text);
    this.#slider.value = passed;
    this.#slider.setAttribute("aria-valuetext", text);
    setText(this.#button, this.#isPlaying ? "Pause" : "Play");
    byId("player").dataset.state = state;
  }
}

function describe({ of, name, network, damaged, begins, events, recorded_by: version }) {
  const since = new Date(begins * 1000).toLocaleString("en-GB");
  const by = of === "peer" ? `the peer ${name}` : "its registry";
  const what = of === "simulation" ? "A simulated network" : `The network ${network}, recorded by ${by} from ${since} on`;
  const left = damaged ? `; ${count(damaged, "line")} left out that ${damaged === 1 ? "is" : "are"} none of a recording` : "";
  return `${what}: ${count(events, "line")}, p2p ${version}${left}.`;
}

/** Have what is recorded shown where it is shown while it happens. */
function listen(status, recorded, activity) {
  const { map, show } = showing(activity, null);
  const isOfRegistry = status.of === "registry";
  const own = status.of === "peer" ? status.name : "";
  const network = isOfRegistry ? new ReplayedMembers(show) : new ReplayedPeers(own, show);
  const transfers = new Transfers((moves) => showMoves(own, map, moves), false);
  const happened = (event) => network.happened(event);
  const kinds = isOfRegistry
    ? { registered: happened, forgotten: happened }
    : { peers: happened, ...listenersOf(own, map, () => {}, transfers, activity) };
  for (const [kind, listener] of Object.entries(kinds)) recorded.on(kind, listener);
  recorded.on("sought", () => activity.clear());
  recorded.on("stood", (state) => {
    network.begin(state);
    transfers.take(state);
  });
  recorded.on("warning", ({ text }) => activity.add(text, "bad"));
  recorded.on("missed", () => activity.add("something that happened here was not recorded", "bad"));
  recorded.on("recording", () => activity.add("the recording begins here, or goes on after a new start"));
  recorded.on("lost", notice);
  return () => network.show();
}

async function begin() {
  await signIn();
  const status = await ask("GET", "/v1/status");
  const title = status.of === "registry" ? `registry of ${status.network}` : status.name;
  setText(byId("peer-name"), shown(title));
  document.title = `${title} · p2p replay`;
  document.body.classList.add(status.of === "registry" ? "registry" : "peer", `of-${status.of}`);
  document.body.classList.remove("starting");
  setText(byId("about"), shown(describe(status)));
  const recorded = new Recorded();
  const isVirtual = status.of === "simulation";
  const when = () => (isVirtual ? duration(recorded.time) : new Date(recorded.time * 1000).toLocaleTimeString("en-GB"));
  const activity = new Activity(when);
  const player = new Player(status, recorded, listen(status, recorded, activity));
  await player.seek(status.begins);
}

begin().catch(notice);
