// The living map: where each peer is, and what happens to it; still when nothing does.

import { CanvasDrawing, SvgDrawing } from "./drawing.js";
import { Layout } from "./layout.js";
import { shown } from "./text.js";

const SVG_PEERS = 500;
const NAMED_PEERS = 60;
const NAMED_WIDTH = 800;
const SMALL_DOTS_PEERS = 120;
const MARGIN = 34;
const STRETCH = 1.8;
const WIDEST = 130;
const HOP_MS = 260;
const MARK_MS = 2200;
const REACH = 16;
const still = matchMedia("(prefers-reduced-motion: reduce)");

// Of no length at all, one that is alone is not drawn on a canvas by each Chromium.
const dot = (x, y) => `M${x.toFixed(1)} ${y.toFixed(1)}h.01`;
const line = (a, b) => `M${a.sx.toFixed(1)} ${a.sy.toFixed(1)}L${b.sx.toFixed(1)} ${b.sy.toFixed(1)}`;
const circle = (x, y, r) => `M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;

export class NetworkMap {
  #layout = new Layout();
  #network = { own: "", peers: new Map(), links: [], silent: new Set() };
  #marks = [];
  #flows = [];
  #drawing = null;
  #place;
  #view = null;
  #pointed = null;
  #frame = null;
  #box = { width: 0, height: 0 };
  #frames = 0;

  /** @param choose is told which peer is chosen; null where none can be. */
  constructor(place, choose) {
    this.#place = place;
    const see = (event) => this.#point(event);
    place.addEventListener("pointermove", see);
    place.addEventListener("pointerleave", see);
    place.addEventListener("click", (event) => {
      this.#point(event);
      if (this.#pointed) choose?.(this.#pointed);
    });
    new ResizeObserver(([{ contentRect }]) => {
      this.#box = contentRect;
      this.#wake();
    }).observe(place);
    document.addEventListener("visibilitychange", () => this.#wake());
  }

  /** Show the network as it is now; what came and went since is marked. */
  show(network, changes) {
    const gone = new Map(changes.went.map((name) => [name, this.#layout.nodes.get(name)]));
    const lost = changes.lost.map(([from, to]) => ({ from, to, a: this.#node(from), b: this.#node(to) }));
    this.#network = network;
    if (!changes.isAny) return;
    this.#layout.set([...network.peers.keys()], network.links);
    if (!changes.isFirst) {
      for (const node of gone.values()) if (node) this.#mark("gone", { node: { ...node } });
      for (const { from, to, a, b } of lost) if (a && b) this.#mark("lost", { from, to, a: { ...a }, b: { ...b } });
      for (const name of changes.came) this.#mark("joined", { name });
      for (const [a, b] of changes.born) this.#mark("born", { from: a, to: b });
    }
    this.#wake();
  }

  /** Let a search that this peer has begun run through the network, along its links. */
  ripple() {
    const reached = new Set([this.#network.own]);
    let [edge, hop] = [[this.#network.own], 0];
    while (edge.length) {
      const next = [];
      for (const from of edge) {
        for (const to of this.#network.peers.get(from) ?? []) {
          if (reached.has(to) || !this.#network.peers.has(to)) continue;
          reached.add(to);
          next.push(to);
          this.#mark("pulse", { from, to, wait: hop * HOP_MS, lasts: HOP_MS });
          this.#mark("reached", { name: to, wait: (hop + 1) * HOP_MS, lasts: 2 * HOP_MS });
        }
      }
      [edge, hop] = [next, hop + 1];
    }
    this.ring(this.#network.own);
  }

  /** Mark a peer that does something. */
  ring(name) {
    this.#mark("ring", { name });
  }

  /** Show what moves: pairs of peers, from the one that sends. */
  setFlows(flows) {
    this.#flows = flows;
    this.#wake();
  }

  #mark(kind, { wait = 0, lasts = MARK_MS, ...what }) {
    if (this.#marks.length > 3000) return;
    this.#marks.push({ kind, from: null, begins: performance.now() + wait, lasts, ...what });
    this.#wake();
  }

  #node(name) {
    return this.#layout.nodes.get(name);
  }

  #point(event) {
    const { left, top } = this.#place.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    let [nearest, least] = [null, REACH];
    for (const node of this.#layout.nodes.values()) {
      const far = Math.hypot(node.sx - x, node.sy - y);
      if (far < least) [nearest, least] = [node.name, far];
    }
    if (event.type === "pointerleave") nearest = null;
    if (nearest !== this.#pointed) {
      this.#pointed = nearest;
      this.#place.classList.toggle("pointed", nearest !== null);
      this.#wake();
    }
  }

  #wake() {
    this.#frame ??= requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now) {
    const begun = performance.now();
    this.#frame = null;
    if (document.hidden || !this.#box.width) return;
    this.#choose();
    if (!this.#layout.isSettled) this.#layout.advance();
    const moves = this.#project();
    this.#marks = this.#marks.filter((mark) => now < mark.begins + mark.lasts);
    const strokes = this.#strokes(now);
    this.#drawing.draw(strokes, this.#labels(), now);
    const isCanvas = this.#drawing instanceof CanvasDrawing;
    const isBusy = this.#marks.length || (isCanvas && this.#flows.length && !still.matches);
    if (!this.#layout.isSettled || moves || isBusy) this.#wake();
    if (this.#layout.nodes.size) this.#place.dataset.state = this.#layout.isSettled ? "settled" : "moving";
    // Seen by the browser's tools.
    performance.measure("map frame", { start: begun });
    if (++this.#frames % 500 === 0) performance.clearMeasures("map frame");
  }

  #choose() {
    const peers = this.#layout.nodes.size;
    this.#place.dataset.peers = peers > SVG_PEERS ? "most" : peers > SMALL_DOTS_PEERS ? "many" : "few";
    const Drawing = peers > SVG_PEERS ? CanvasDrawing : SvgDrawing;
    if (this.#drawing instanceof Drawing) return;
    this.#place.replaceChildren();
    this.#drawing = new Drawing(this.#place);
  }

  /** Put every peer on the screen; return whether the view still moves. */
  #project() {
    const { width, height } = this.#box;
    // Those that have just gone are still seen.
    const box = this.#layout.box(this.#marks.filter(({ kind }) => kind === "gone").map(({ node }) => node));
    const fit = Math.min(WIDEST, (height / 2 - MARGIN) / box.down, (width / 2 - MARGIN) / box.across);
    const wide = Math.min((width / 2 - MARGIN) / box.across, fit * STRETCH, WIDEST * STRETCH);
    const high = Math.min((height / 2 - MARGIN) / box.down, fit * STRETCH, WIDEST * STRETCH);
    const goal = [box.x, box.y, wide, high];
    this.#view ??= goal;
    const part = this.#layout.isSettled && still.matches ? 1 : 0.18;
    this.#view = this.#view.map((value, i) => value + (goal[i] - value) * part);
    const [x, y, across, down] = this.#view;
    const place = (node) => {
      node.sx = width / 2 + (node.x - x) * across;
      node.sy = height / 2 + (node.y - y) * down;
    };
    for (const node of this.#layout.nodes.values()) place(node);
    for (const { node, a, b } of this.#marks) for (const each of [node, a, b]) if (each) place(each);
    return this.#view.some((value, i) => Math.abs(goal[i] - value) > Math.abs(goal[i]) * 0.003 + 0.003);
  }

  #strokes(now) {
    const strokes = Object.fromEntries(["links", "near-links", "halo"].map((kind) => [kind, []]));
    const add = (kind, d) => (strokes[kind] ??= []).push(d);
    const { own, links, peers, silent } = this.#network;
    const lit = this.#pointed ?? own;
    for (const [a, b] of this.#layout.ends(links)) {
      add(a.name === lit || b.name === lit ? "near-links" : "links", line(a, b));
    }
    const near = peers.get(lit) ?? new Set();
    for (const { name, sx, sy } of this.#layout.nodes.values()) {
      add("halo", dot(sx, sy));
      const kind = name === own ? "own" : silent.has(name) ? "silent" : near.has(name) ? "near" : "peers";
      add(kind, dot(sx, sy));
      if (name === this.#pointed) add("chosen", circle(sx, sy, 10));
    }
    for (const [a, b] of this.#layout.ends(this.#flows)) add("flows", line(a, b));
    for (const mark of this.#marks) this.#stroke(mark, (now - mark.begins) / mark.lasts, add);
    return strokes;
  }

  #stroke({ kind, node, name, a, b, from, to }, age, add) {
    if (age < 0) return;
    const at = node ?? this.#node(name);
    // Where they are now or, of those that are gone, where they were.
    const [start, end] = [this.#node(from) ?? a, this.#node(to) ?? b];
    const ring = () => add(age < 0.5 ? "rings" : "late-rings", circle(at.sx, at.sy, 8 + Math.round(26 * age)));
    if (kind === "gone") add("gone", circle(at.sx, at.sy, 7));
    else if (kind === "joined" && at) add("joined", circle(at.sx, at.sy, 8));
    else if (kind === "ring" && at && !still.matches) ring();
    else if (kind === "reached" && at) add("reached", dot(at.sx, at.sy));
    else if (kind === "lost" || (kind === "born" && start && end)) add(kind, line(start, end));
    else if (kind === "pulse" && start && end && !still.matches) {
      add("pulses", dot(start.sx + (end.sx - start.sx) * age, start.sy + (end.sy - start.sy) * age));
    }
  }

  #labels() {
    const { own, peers } = this.#network;
    const all = peers.size <= NAMED_PEERS * Math.min(1, this.#box.width / NAMED_WIDTH);
    const names = all ? peers.keys() : new Set([own, this.#pointed].filter(Boolean));
    const labels = [];
    for (const name of names) {
      const node = this.#node(name);
      const kind = name === own || name === this.#pointed ? "strong" : "plain";
      if (node) labels.push({ x: node.sx, y: node.sy, text: shown(name), kind });
    }
    return labels;
  }
}
