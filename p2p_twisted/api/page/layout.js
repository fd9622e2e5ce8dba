// Place peers so that linked ones are near each other (Fruchterman and Reingold, 1991).

const COOLING = 0.965;
const COLD = 0.02;
const GRAVITY = 0.06;
const STEP_BUDGET_MS = 4;
/** More are laid out in a spiral, as the seeds of a sunflower: forces between all pairs take too long. */
const PULLED_PEERS = 2000;
const GOLDEN_ANGLE = 2.39996;

export class Layout {
  nodes = new Map();
  #links = [];
  #heat = 0;

  get isSettled() {
    return this.#heat < COLD;
  }

  /** Have other peers and links; those that stay keep their places. */
  set(names, links) {
    if (names.length > PULLED_PEERS) {
      this.#setSpiral(names);
      return;
    }
    const before = this.nodes;
    const near = new Map();
    for (const [a, b] of links) {
      near.set(a, before.get(b) ?? near.get(a));
      near.set(b, before.get(a) ?? near.get(b));
    }
    const isFirst = before.size === 0;
    const spread = Math.sqrt(names.length);
    this.nodes = new Map(
      names.map((name) => {
        const from = near.get(name);
        const around = from ? 0.7 : spread;
        const fresh = () => ({
          name,
          x: (from?.x ?? 0) + (Math.random() - 0.5) * around,
          y: (from?.y ?? 0) + (Math.random() - 0.5) * around,
          dx: 0,
          dy: 0,
        });
        return [name, before.get(name) ?? fresh()];
      }),
    );
    this.#links = this.ends(links);
    this.#heat = Math.max(this.#heat, isFirst ? spread / 3 : 0.25);
  }

  /** Find the two ends of each link, of those whose ends are both there. */
  ends(links) {
    return links.map((link) => link.map((name) => this.nodes.get(name))).filter(([a, b]) => a && b);
  }

  #setSpiral(names) {
    const place = (name, i) => {
      const [far, angle] = [Math.sqrt(i), i * GOLDEN_ANGLE];
      return [name, { name, x: far * Math.cos(angle), y: far * Math.sin(angle) }];
    };
    this.nodes = new Map(names.map(place));
    this.#heat = 0;
  }

  /** Go on for some milliseconds. */
  advance() {
    const until = performance.now() + STEP_BUDGET_MS;
    do this.#step();
    while (!this.isSettled && performance.now() < until);
  }

  #step() {
    const all = [...this.nodes.values()];
    for (const node of all) {
      node.dx = -node.x * GRAVITY;
      node.dy = -node.y * GRAVITY;
    }
    this.#repel(all);
    for (const [a, b] of this.#links) {
      const [x, y] = [b.x - a.x, b.y - a.y];
      const pull = Math.hypot(x, y) * 0.5;
      a.dx += x * pull;
      a.dy += y * pull;
      b.dx -= x * pull;
      b.dy -= y * pull;
    }
    for (const node of all) {
      const far = Math.hypot(node.dx, node.dy) || 1;
      const go = Math.min(far * 0.5, this.#heat) / far;
      node.x += node.dx * go;
      node.y += node.dy * go;
    }
    this.#heat *= COOLING;
  }

  #repel(all) {
    for (let i = 0; i < all.length; i++) {
      const a = all[i];
      for (let j = i + 1; j < all.length; j++) {
        const b = all[j];
        const x = a.x - b.x || 0.001;
        const y = a.y - b.y || 0.001;
        const push = 1 / (x * x + y * y + 0.01);
        a.dx += x * push;
        a.dy += y * push;
        b.dx -= x * push;
        b.dy -= y * push;
      }
    }
  }

  /** Return the least box around all, and some others: its middle and half its sides. */
  box(others) {
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const { x, y } of [...this.nodes.values(), ...others]) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
    if (left > right) return { x: 0, y: 0, across: 1, down: 1 };
    return {
      x: (left + right) / 2,
      y: (top + bottom) / 2,
      across: Math.max((right - left) / 2, 0.5),
      down: Math.max((bottom - top) / 2, 0.5),
    };
  }
}
