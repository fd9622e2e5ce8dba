// Draw a scene: strokes of some kinds, each one path, and labels. As SVG, or on a canvas for very many.

export const KINDS = [
  "links", "near-links", "lost", "born", "flows", "late-rings", "rings", "pulses", "halo", "silent", "peers",
  "near", "own", "reached", "chosen", "joined", "gone",
];
const SVG = "http://www.w3.org/2000/svg";
const LABEL_DY = 18;

/** Draws with SVG: an attribute for each kind of stroke. */
export class SvgDrawing {
  #paths = new Map();
  #labels;
  #texts = [];

  constructor(place) {
    const make = (tag, parent, name) => {
      const made = document.createElementNS(SVG, tag);
      if (name) made.setAttribute("class", name);
      return parent.appendChild(made);
    };
    const root = make("svg", place, "map");
    root.setAttribute("aria-hidden", "true");
    for (const kind of KINDS) this.#paths.set(kind, make("path", root, kind));
    this.#labels = make("g", root, "labels");
    this.element = root;
  }

  draw(strokes, labels) {
    for (const [kind, path] of this.#paths) {
      const d = strokes[kind]?.join("") ?? "";
      if (path.lastD !== d) path.setAttribute("d", (path.lastD = d));
    }
    while (this.#texts.length > labels.length) this.#texts.pop().remove();
    while (this.#texts.length < labels.length) {
      this.#texts.push(this.#labels.appendChild(document.createElementNS(SVG, "text")));
    }
    labels.forEach(({ x, y, text, kind }, i) => {
      const label = this.#texts[i];
      if (label.textContent !== text) label.textContent = text;
      if (label.lastKind !== kind) label.setAttribute("class", (label.lastKind = kind));
      label.setAttribute("x", Math.round(x));
      label.setAttribute("y", Math.round(y + LABEL_DY));
    });
  }
}

/** Draws on a canvas, as the style sheet says that an SVG would look. */
export class CanvasDrawing {
  #styles = null;
  #swatches;

  constructor(place) {
    this.element = place.appendChild(document.createElement("canvas"));
    this.element.className = "map";
    this.element.setAttribute("aria-hidden", "true");
    // Where the style sheet's strokes are read: they differ between light and dark.
    this.#swatches = new SvgDrawing(place);
    this.#swatches.element.classList.add("swatches");
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (this.#styles = null));
  }

  #read() {
    const of = (selector) => getComputedStyle(this.#swatches.element.querySelector(selector));
    return new Map(
      KINDS.map((kind) => {
        const { stroke, strokeWidth, strokeOpacity, strokeLinecap, strokeDasharray } = of(`.${kind}`);
        const dashes = strokeDasharray === "none" ? [] : strokeDasharray.split(",").map(parseFloat);
        const width = parseFloat(strokeWidth);
        return [kind, { stroke, width, opacity: Number(strokeOpacity), strokeLinecap, dashes }];
      }),
    ).set("labels", { fill: of(".labels").fill });
  }

  draw(strokes, labels, now) {
    this.#styles ??= this.#read();
    const { clientWidth: width, clientHeight: height } = this.element;
    const sharp = devicePixelRatio || 1;
    if (this.element.width !== Math.round(width * sharp)) this.element.width = width * sharp;
    if (this.element.height !== Math.round(height * sharp)) this.element.height = height * sharp;
    const pen = this.element.getContext("2d");
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, width, height);
    for (const kind of KINDS) {
      if (!strokes[kind]?.length) continue;
      const style = this.#styles.get(kind);
      pen.strokeStyle = style.stroke;
      pen.globalAlpha = style.opacity;
      pen.lineWidth = style.width;
      pen.lineCap = style.strokeLinecap;
      pen.setLineDash(style.dashes);
      pen.lineDashOffset = -now / 30;
      pen.stroke(new Path2D(strokes[kind].join("")));
    }
    pen.globalAlpha = 1;
    pen.fillStyle = this.#styles.get("labels").fill;
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.strokeStyle = this.#styles.get("halo").stroke;
    pen.lineWidth = 3;
    pen.setLineDash([]);
    for (const { x, y, text } of labels) {
      pen.strokeText(text, x, y + LABEL_DY);
      pen.fillText(text, x, y + LABEL_DY);
    }
  }
}
