// Invite to a private network: a form for admins, and the code that comes of it, to be typed or scanned.

import { ask } from "./events.js";
import { button, byId, command, renew, say, setText, showCommand } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4;
const UNITS = { m: 60, h: 3600, d: 86400 };

/** Read a time such as 2h, in seconds; undefined for what is none. */
function readTime(text) {
  const match = /^(\d{1,9})([mhd])$/.exec(text.trim());
  return match ? Number(match[1]) * UNITS[match[2]] : undefined;
}

function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Draw a QR code, black on white whatever the page's colors are. */
function drawn(rows) {
  const side = rows.length + 2 * QUIET;
  const dark = rows.flatMap((row, y) =>
    [...row].flatMap((module, x) => (module === "1" ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])));
  return svg("svg", { viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": "The invite as a QR code", "shape-rendering": "crispEdges" },
    svg("rect", { width: side, height: side, fill: "#fff" }),
    svg("path", { d: dark.join(""), fill: "#000" }));
}

export class Invites {
  #form = byId("invite-form");
  #fields = { uses: byId("invite-uses"), time: byId("invite-time"), admin: byId("invite-admin") };
  #made = byId("invite-made");

  constructor() {
    const tell = () => showCommand(this.#form, this.#command());
    this.#form.addEventListener("input", tell);
    this.#form.addEventListener("focusin", tell);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#invite();
    });
    byId("invite-forget").append(button("Hide it", null, () => this.#hide(), () => this.#command()));
  }

  /** Only an admin can invite. */
  show({ certificate }) {
    byId("invite").hidden = !certificate?.admin;
  }

  #command() {
    const { uses, time, admin } = this.#fields;
    return command("invite", "--uses", uses.value.trim() || "1", "--for", time.value.trim() || "24h",
      ...(admin.checked ? ["--admin"] : []), "--qr");
  }

  async #invite() {
    const { uses, time, admin } = this.#fields;
    const seconds = readTime(time.value);
    if (seconds === undefined) return say("an invite is for a time such as 30m, 2h or 7d", true);
    try {
      const made = await ask("POST", "/v1/invites", { uses: Number(uses.value), seconds, admin: admin.checked });
      setText(byId("invite-code"), made.code);
      renew(byId("invite-qr"), [drawn(made.qr)]);
      this.#made.hidden = false;
    } catch (error) {
      say(error.message, true);
    }
  }

  #hide() {
    this.#made.hidden = true;
    setText(byId("invite-code"), "");
    byId("invite-qr").replaceChildren();
  }
}
