// Make elements and text: what others have named is only ever text, and shows all of its characters.

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const RATE = /^(\d+(?:\.\d+)?)([KMG]?)$/i;
const TIME = /^(?=0*[1-9])(\d{1,9})([smhd])$/;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86400 };
const POWERS = { "": 0, K: 1, M: 2, G: 3 };

export const byId = (id) => document.getElementById(id);

/** Make an element; functions become listeners, "text" its text, all else attributes. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") made.textContent = value;
    else if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Write a name so that nothing in it is invisible or turns the line around. */
export function shown(name) {
  return name.replace(INVISIBLE, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

/** Make an element of a name, whatever direction it is written in. */
export const nameOf = (name) => el("bdi", { text: shown(name) });

/** Set a text, unless it is there already: screen readers would say it again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Write where somebody listens. */
export function place({ host, port }) {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Write a number of bytes. */
export function size(bytes) {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export const rate = (bytes) => `${size(bytes)}/s`;

/** Write a limit as p2p takes it. */
export function limitText(bytes) {
  if (bytes === null) return "off";
  for (const [unit, power] of [["G", 3], ["M", 2], ["K", 1]]) {
    if (bytes >= 1024 ** power && bytes % 1024 ** power === 0) return `${bytes / 1024 ** power}${unit}`;
  }
  return `${bytes}`;
}

/** Read a limit as p2p takes it; 0 is none, and undefined what is no limit at all. */
export function readLimit(text) {
  const word = text.trim();
  if (word === "" || word.toLowerCase() === "off") return 0;
  const match = RATE.exec(word);
  const bytes = match && Math.round(Number(match[1]) * 1024 ** POWERS[match[2].toUpperCase()]);
  return bytes > 0 ? bytes : undefined;
}

/** Read a time such as 2h, in seconds; undefined for what is none. */
export function readTime(text) {
  const match = TIME.exec(text.trim());
  return match ? Number(match[1]) * SECONDS[match[2]] : undefined;
}

/** Write how long something took, in seconds. */
export const took = (seconds) => (seconds < 10 ? `${seconds.toFixed(1)} s` : duration(seconds));

/** Write a time in seconds. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

export const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** Quote a word for a shell. */
export function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export const byName = new Intl.Collator("en", { numeric: true });
export const inOrder = (names) => [...names].sort(byName.compare);

let peer = "";
let whose = "";
export const isOwn = (name) => name === peer;

/** Say of which daemon this page is: a peer, or the registry of a network. */
export function setDaemon({ kind, name, network }) {
  peer = name ?? "";
  whose = kind === "registry" ? `--of-registry ${quoted(network)}` : `--peer ${quoted(name)}`;
  for (const code of document.querySelectorAll(".command code")) code.append(` ${whose}`);
}

/** Write the command that does the same. */
export function command(...words) {
  return ["p2p", ...words.map(quoted), whose].join(" ");
}

/** Show a command where its section says how to do the same in a terminal. */
export function showCommand(element, text) {
  const place = element.closest("section").querySelector(".command code");
  setText(place, shown(text));
}

/** Have other children; the focus stays on the one that is called as the one before, or on what holds them. */
export function renew(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.ariaLabel : null;
  parent.replaceChildren(...children);
  if (focused === null) return;
  const same = [...parent.querySelectorAll("[aria-label]")].find((each) => each.ariaLabel === focused);
  (same ?? parent.closest("[tabindex]"))?.focus();
}

/** Do what a person has asked for, and say why where it cannot be done. */
export async function attempt(does) {
  try {
    await does();
  } catch (error) {
    say(error.message, true);
  }
}

/** Make a button that tells its command while it is pointed at, focused or used. */
export function button(text, label, does, commandOf) {
  const tell = (event) => showCommand(event.currentTarget, commandOf());
  const click = (event) => {
    tell(event);
    return attempt(does);
  };
  return el("button", {
    type: "button", text, "aria-label": label, click, focus: tell, pointerenter: tell,
  });
}

/** Have a form tell its command while it is filled in and sent, and do that once it is sent. */
export function onSubmit(form, does, commandOf) {
  const tell = () => showCommand(form, commandOf());
  form.addEventListener("input", tell);
  form.addEventListener("focusin", tell);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell();
    attempt(does);
  });
}

/** Say something that has been done, or why it cannot be. */
export function say(text, isBad = false) {
  const place = byId("said");
  place.textContent = shown(text);
  place.classList.toggle("bad", isBad);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (place.textContent = ""), isBad ? 12000 : 6000);
}
