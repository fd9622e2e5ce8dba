// Invite to a private network: a form for admins, and the code that comes of it, to be typed or scanned.

import { ask } from "./events.js";
import { drawn } from "./qr.js";
import { button, byId, command, onSubmit, readTime, renew, say, setText } from "./text.js";

export class Invites {
  #fields = { uses: byId("invite-uses"), time: byId("invite-time"), admin: byId("invite-admin") };
  #made = byId("invite-made");

  constructor() {
    onSubmit(byId("invite-form"), () => this.#invite(), () => this.#command());
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
    const made = await ask("POST", "/v1/invites", { uses: Number(uses.value), seconds, admin: admin.checked });
    setText(byId("invite-code"), made.code);
    renew(byId("invite-qr"), [drawn(made.qr, "The invite as a QR code")]);
    this.#made.hidden = false;
  }

  #hide() {
    this.#made.hidden = true;
    setText(byId("invite-code"), "");
    byId("invite-qr").replaceChildren();
  }
}
