// Put the page together: who is asked, what is told to whom.

import { ask, Failed, Happenings, signIn } from "./events.js";
import { NetworkMap } from "./map.js";
import { Network } from "./network.js";
import { Activity, PeerTable, sentencesOf } from "./peers.js";
import { Search } from "./search.js";
import { Sharing } from "./sharing.js";
import { Log, StatusCard } from "./status.js";
import { byId, count, rate, setPeer, setText, shown } from "./text.js";
import { Transfers } from "./transfers.js";

const STATUS_MS = 3000;
const AGAIN_MS = 3000;

/** How the peer was ended on this page, and what to do then. */
let ended = "";

/** Say in a line on top why there is nothing new, and fade what is old; or that there is. */
function notice(why) {
  const text = ended || why;
  const place = byId("notice");
  if (text) setText(place, text);
  place.hidden = !text;
  document.body.classList.toggle("old", Boolean(text));
}

/** Say that the peer has been ended, and have nothing done any more; or, with no text, that it is back. */
function setEnded(text) {
  if (text !== ended) {
    for (const each of document.querySelectorAll("main :is(button, input)")) each.disabled = Boolean(text);
    document.body.classList.toggle("ended", Boolean(text));
  }
  ended = text;
  notice("");
}

function whyNot(error) {
  if (error instanceof Failed && error.status === 403) {
    return "This browser is not signed in. Run p2p web, which opens this page with an address that lets it in.";
  }
  return error instanceof Failed ? error.message : "There is no answer. Does the peer still run? See p2p status.";
}

/** Wait until the daemon answers and lets this browser in. */
async function firstStatus() {
  for (;;) {
    try {
      await signIn();
      const status = await ask("GET", "/v1/status");
      notice("");
      return status;
    } catch (error) {
      notice(whyNot(error));
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

function summarize({ peers, links, silent }, isRegistry) {
  const quiet = silent.size ? ` · ${silent.size} silent` : "";
  const text = isRegistry
    ? `${count(peers.size, "peer")}${quiet}`
    : `${count(peers.size, "peer")} · ${count(links.length, "link")}${quiet}`;
  setText(byId("summary"), text);
  const about = `Map of the network: ${text}. The table of peers says the same.`;
  if (byId("map").ariaLabel !== about) byId("map").ariaLabel = about;
}

/** What happens in the network, on the map, in the table, and in words. */
function watchNetwork(own, activity, choose) {
  const map = new NetworkMap(byId("map"), choose);
  const table = new PeerTable(choose);
  const network = new Network(own, (state, changes) => {
    map.show(state, changes);
    if (changes.isAny || own === null) table.show(state, changes);
    summarize(state, own === null);
    for (const [, sentence, kind] of sentencesOf(changes)) activity.add(sentence, kind);
  });
  network.lookSoon();
  return { map, network };
}

/** Tell each part of the page what it is for. */
function listen(own, { map, network }, transfers, activity) {
  const happenings = new Happenings();
  const lookSoon = () => network.lookSoon();
  happenings.on("linked", lookSoon);
  happenings.on("unlinked", ({ neighbor, has_died: hasDied }) => {
    if (hasDied) activity.add(`the link with ${neighbor.name} broke without a goodbye`, "bad");
    lookSoon();
  });
  happenings.on("question", ({ what, text, is_own: isOwn }) => {
    if (what === "topo") return;
    if (isOwn) map.ripple();
    else map.ring(own);
    if (text && what === "text") activity.add(isOwn ? `searched for “${text}”` : `somebody searches for “${text}”`);
  });
  happenings.on("download", (event) => transfers.happened(event));
  happenings.on("upload", (event) => transfers.uploaded(event));
  happenings.on("registration", ({ registered }) =>
    activity.add(registered ? "the registry knows this peer" : "the registry does not know this peer now", registered ? "good" : "bad"));
  happenings.on("warning", ({ text }) => activity.add(text, "bad"));
  happenings.on("missed", () => transfers.look().catch(() => {}));
  happenings.on("open", () => setEnded(""));
  happenings.on("lost", () => notice("There is no answer. Does the peer still run? See p2p status."));
  happenings.start();
}

/** Look at the status now and then, as long as the page is seen. */
function watchStatus(first, does) {
  does(first);
  setInterval(async () => {
    if (document.hidden || ended) return;
    try {
      does(await ask("GET", "/v1/status"));
      notice("");
    } catch (error) {
      notice(whyNot(error));
    }
  }, STATUS_MS);
}

async function begin() {
  const status = await firstStatus();
  const isRegistry = status.kind === "registry";
  const name = isRegistry ? null : status.name;
  setPeer(name ?? "");
  if (name !== null) {
    for (const code of document.querySelectorAll(".command code")) code.append(` --peer ${name}`);
  }
  const title = name ?? `registry of ${status.network}`;
  setText(byId("peer-name"), shown(title));
  document.title = `${title} · p2p`;
  document.body.classList.add(status.kind);
  document.body.classList.remove("starting");
  const again = (how) => setEnded(`${name} ${how}. Start it again as before, such as with p2p peer --name ${name}`);
  const [activity, card] = [new Activity(), new StatusCard(again)];
  new Log();
  if (isRegistry) {
    watchNetwork(null, activity, () => {});
    watchStatus(status, (now) => card.show(now));
    return;
  }
  const [search, sharing] = [new Search(), new Sharing(activity)];
  const watched = watchNetwork(name, activity, (peer) => search.listPeer(peer));
  const transfers = new Transfers(({ down, up, from, to }) => {
    setText(byId("rates"), `↓ ${rate(down)}  ↑ ${rate(up)}`);
    watched.map.setFlows([...[...from].map((peer) => [peer, name]), ...[...to].map((peer) => [name, peer])]);
  });
  listen(name, watched, transfers, activity);
  watchStatus(status, (now) => {
    card.show(now);
    sharing.check(now).catch(() => {});
  });
}

begin();
