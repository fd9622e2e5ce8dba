// Talk to the daemon: questions, answers that come in pieces, and what happens, as it happens.

const KINDS = [
  "missed", "linked", "unlinked", "peers", "question", "answer", "download", "upload", "offer",
  "registration", "registered", "forgotten", "warning",
];
const AGAIN_MS = 2000;
const REST_MS = 5000;

/** What the daemon answers that cannot be done; the message says why. */
export class Failed extends Error {
  constructor(fault, status) {
    super(fault.message);
    this.status = status;
    this.fault = fault;
  }
}

/** What only pages of this port can say; the cookie alone has nothing done. */
const keyHeader = () => ({ "P2P-Key": localStorage.getItem("key") ?? "" });

async function send(method, path, body, signal) {
  const options = { method, signal, headers: method === "GET" ? {} : keyHeader() };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const response = await fetch(path, options);
  if (!response.ok) {
    const answer = await response.json().catch(() => null);
    const fault = answer?.error ?? { message: `the peer answers ${response.status}`, hits: [] };
    throw new Failed(fault, response.status);
  }
  return response;
}

/** Ask for something, or have something done. */
export async function ask(method, path, body) {
  return (await send(method, path, body)).json();
}

/** Give the lines of an answer as they come. */
export async function* lines(method, path, body, signal) {
  const response = await send(method, path, body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      for (const part of parts) yield JSON.parse(part);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Return the path of what is shared, by its name. */
export const sharePath = (name) => `/v1/shares/${name.split("/").map(encodeURIComponent).join("/")}`;

/** Share a file; tell how much of it has been sent. */
export function upload(name, file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", sharePath(name));
    for (const [header, value] of Object.entries(keyHeader())) request.setRequestHeader(header, value);
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onerror = () => reject(new Error("the connection was lost before all was sent"));
    request.onload = () => {
      let answer = null;
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // It is no answer of the daemon's.
      }
      if (request.status === 200) resolve(answer);
      else reject(new Failed(answer?.error ?? { message: "it was refused" }, request.status));
    };
    request.send(file);
  });
}

/** Be let in by the code of the address, if it has one, and take it out of the history. */
export async function signIn() {
  const code = location.hash.slice(1);
  if (code.length < 40) return;
  history.replaceState(null, "", location.pathname);
  try {
    const { key } = await ask("POST", "/sign-in", { code });
    localStorage.setItem("key", key);
  } catch (error) {
    // Loaded again, or another tab: there may be a session already.
    if (!(error instanceof Failed)) throw error;
  }
}

/** Tells events to listeners, each of which is for one kind. */
export class Told extends EventTarget {
  on(kind, listener) {
    this.addEventListener(kind, (event) => listener(event.detail));
  }

  dispatch(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

/**
 * What happens. It is read while the page can be seen: browsers have few connections for all tabs.
 *
 * Listeners get the event; those of "missed" are called, too, when it begins, to look anew.
 */
export class Happenings extends Told {
  #source = null;
  #last = null;
  #timer = null;

  start() {
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#timer);
      if (!document.hidden) this.#open();
      else this.#timer = setTimeout(() => this.#close(), REST_MS);
    });
    this.#open();
  }

  #open() {
    if (this.#source !== null) return;
    const after = this.#last === null ? "" : `&after=${this.#last}`;
    const source = (this.#source = new EventSource(`/v1/events?person=true${after}`));
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.#tell(kind, event));
    source.onopen = () => {
      if (this.#last === null) this.dispatch("missed", {});
      this.dispatch("open", {});
    };
    source.onerror = () => {
      this.dispatch("lost", {});
      if (source.readyState !== EventSource.CLOSED) return;
      this.#close();
      this.#timer = setTimeout(() => this.#open(), AGAIN_MS);
    };
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  #tell(kind, event) {
    if (event.lastEventId) this.#last = event.lastEventId;
    this.dispatch(kind, JSON.parse(event.data));
  }
}
