// Read a recording in pieces, and tell what has happened as its time comes.

import { lines, Told } from "./events.js";

/** So much ahead is read before it is needed: at high speed one piece is over in a moment. */
const AHEAD = 2000;

/**
 * What was recorded.
 *
 * Listeners get the events; those of "sought" that another time is gone to, and those of "stood" how
 * things stood there, or behind a gap, in one piece.
 */
export class Recorded extends Told {
  #queue = [];
  #at = 0;
  #next = null;
  #reading = null;
  #snapshot = null;
  #isUnknown = true;
  /** The time of what was told last, in seconds. */
  time = 0;

  /** Go to a time, and tell how things stood then. */
  async seek(at) {
    this.#reading?.abort();
    this.#queue = [];
    this.#next = null;
    this.#at = 0;
    this.#isUnknown = true;
    if (!(await this.#read(`at=${at}`))) return;
    this.dispatch("sought", {});
    this.advance(at);
  }

  /** Tell all up to a time; return up to which time all is told: more may have to be read. */
  advance(to) {
    let [told, last] = [0, null];
    while (told < this.#queue.length && this.#queue[told].time <= to) {
      const { time, event } = this.#queue[told++];
      this.time = last = time;
      this.#tell(event);
    }
    this.#queue.splice(0, told);
    if (this.#next !== null && this.#queue.length < AHEAD && this.#reading === null) this.#read(`offset=${this.#next}`);
    return this.#queue.length || this.#next === null ? to : (last ?? Math.min(to, this.#at));
  }

  async #read(query) {
    const reading = (this.#reading = new AbortController());
    try {
      for await (const event of lines("GET", `/v1/recorded?${query}`, undefined, reading.signal)) {
        if (reading.signal.aborted) return false;
        this.#take(event);
      }
    } catch (error) {
      if (reading.signal.aborted) return false;
      this.dispatch("lost", error);
    }
    this.#reading = null;
    return true;
  }

  /** Time never goes back, also where the clock of who recorded it did. */
  #take(event) {
    if (event.kind === "piece_end") {
      this.#next = event.next;
      return;
    }
    this.#at = Math.max(this.#at, event.at);
    this.#queue.push({ time: this.#at, event });
  }

  #tell(event) {
    if (event.kind !== "snapshot") {
      this.dispatch(event.kind, event);
      // What comes then tells how things stand.
      if (event.kind === "missed" || event.kind === "recording") this.#isUnknown = true;
      return;
    }
    if (!this.#isUnknown) return;
    if (event.part === 0) this.#snapshot = { peers: [], silent: [], downloads: [], uploads: [], members: [] };
    if (this.#snapshot === null) return;
    for (const [what, rows] of Object.entries(this.#snapshot)) for (const row of event[what]) rows.push(row);
    if (event.part === event.parts - 1) {
      this.dispatch("stood", this.#snapshot);
      this.#snapshot = null;
      this.#isUnknown = false;
    }
  }
}
