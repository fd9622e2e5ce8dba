// Put the page together: who is asked, what is told to whom.

import { ask, Failed, Happenings, signIn } from "./events.js";
import { Invites } from "./invites.js";
import { Links } from "./links.js";
import { Members } from "./members.js";
import { Network, TopologyWatch } from "./network.js";
import { Activity } from "./peers.js";
import { Pushes } from "./pushes.js";
import { Search } from "./search.js";
import { Sharing } from "./sharing.js";
import { isOfRegistry, listenersOf, showing, showMoves } from "./showing.js";
import { Log, StatusCard } from "./status.js";
import { byId, setDaemon, setText, shown } from "./text.js";
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

const noAnswer = () =>
  isOfRegistry()
    ? "There is no answer. Does the registry still run? See p2p ready. If it was started again: p2p web --of-registry."
    : "There is no answer. Does the peer still run? See p2p status. If it was started again: p2p web.";

function whyNot(error) {
  if (error instanceof Failed && error.status === 403) {
    const verb = isOfRegistry() ? "p2p web --of-registry" : "p2p web";
    return `This browser is not signed in. Run ${verb}, which opens this page with an address that lets it in.`;
  }
  return error instanceof Failed ? error.message : noAnswer();
}

/** Say why nothing happens any more: it may be back, and not know this browser. */
async function explainLoss() {
  try {
    await ask("GET", "/v1/status");
  } catch (error) {
    if (ended && error instanceof Failed) ended = whyNot(error);
    notice(whyNot(error));
  }
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

/** Tell each part of the page what it is for: some listeners, and what all pages show. */
function listen(activity, listeners) {
  const happenings = new Happenings();
  for (const [kind, listener] of Object.entries(listeners)) happenings.on(kind, listener);
  happenings.on("warning", ({ text }) => activity.add(text, "bad"));
  happenings.on("open", () => setEnded(""));
  happenings.on("lost", explainLoss);
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

/** The page of a registry. */
function beginRegistry(status, activity) {
  const card = new StatusCard(() => {});
  const members = new Members(showing(activity, () => {}).show);
  const happened = (event) => members.happened(event);
  listen(activity, { registered: happened, forgotten: happened, missed: () => members.look() });
  watchStatus(status, (now) => card.show(now));
}

/** The page of a peer. */
function beginPeer(status, activity) {
  const { name } = status;
  const again = (how) => setEnded(`${name} ${how}. Start it again as before, such as with p2p peer --name ${name}`);
  const card = new StatusCard(again);
  const [search, pushes, links, invites] = [new Search(), new Pushes(), new Links(), new Invites()];
  const sharing = new Sharing(activity, pushes, links);
  const { map, show } = showing(activity, (peer) => search.listPeer(peer));
  const topology = new TopologyWatch(new Network(name, show));
  topology.lookSoon();
  const transfers = new Transfers((moves) => showMoves(name, map, moves));
  const told = listenersOf(name, map, () => topology.lookSoon(), transfers, activity);
  listen(activity, {
    ...told,
    offer: (event) => {
      told.offer(event);
      pushes.happened(event);
    },
    missed: () => Promise.all([transfers.look(), pushes.look(), links.look()]).catch(() => {}),
  });
  watchStatus(status, (now) => {
    card.show(now);
    transfers.showRelayed(now).catch(() => {});
    transfers.explain();
    links.look();
    invites.show(now);
    pushes.know(now.certificate?.groups ?? [], now.neighbors.map((each) => each.name));
    sharing.check(now).catch(() => {});
  });
}

async function begin() {
  const status = await firstStatus();
  setDaemon(status);
  const title = status.name ?? `registry of ${status.network}`;
  setText(byId("peer-name"), shown(title));
  document.title = `${title} · p2p`;
  document.body.classList.add(status.kind);
  document.body.classList.remove("starting");
  const activity = new Activity();
  new Log();
  if (status.kind === "registry") beginRegistry(status, activity);
  else beginPeer(status, activity);
}

begin();
