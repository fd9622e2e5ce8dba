// Show what is told of a network: on the map, in the table, and in words.

import { NetworkMap } from "./map.js";
import { PeerTable, sentencesOf } from "./peers.js";
import { byId, count, rate, setText } from "./text.js";

export const isOfRegistry = () => document.body.classList.contains("registry");

function summarize({ peers, links, silent }) {
  const quiet = silent.size ? ` · ${silent.size} silent` : "";
  const linked = isOfRegistry() ? "" : ` · ${count(links.length, "link")}`;
  const text = `${count(peers.size, "peer")}${linked}${quiet}`;
  setText(byId("summary"), text);
  const about = `Map of the network: ${text}. The table of peers says the same.`;
  if (byId("map").ariaLabel !== about) byId("map").ariaLabel = about;
}

/** Make what shows the network: on a map, in the table, and in words. */
export function showing(activity, choose) {
  const map = new NetworkMap(byId("map"), choose);
  const table = new PeerTable(choose);
  const show = (state, changes) => {
    map.show(state, changes);
    if (changes.isAny || isOfRegistry()) table.show(state, changes);
    summarize(state);
    for (const [, sentence, kind] of sentencesOf(changes)) activity.add(sentence, kind);
  };
  return { map, show };
}

/** Show what moves between a peer and others. */
export function showMoves(own, map, { down, up, from, to }) {
  setText(byId("rates"), `↓ ${rate(down)}  ↑ ${rate(up)}`);
  map.setFlows([...[...from].map((peer) => [peer, own]), ...[...to].map((peer) => [own, peer])]);
}

/** Say of a push how this peer is with it; of its own, to whom it is. */
function pushSentence({ name, sender, to, state, is_over: isOver }) {
  if (isOver) return `the push of ${name} by ${sender} is over`;
  return `${sender} pushes ${name} to ${to.join(", ")}${state ? `: ${state}` : ""}`;
}

/** What the events of a peer are for. */
export function listenersOf(own, map, lookSoon, transfers, activity) {
  return {
    linked: lookSoon,
    unlinked: ({ neighbor, has_died: hasDied }) => {
      if (hasDied) activity.add(`the link with ${neighbor.name} broke without a goodbye`, "bad");
      lookSoon();
    },
    question: ({ what, text, is_own: isOwn }) => {
      if (what === "topo") return;
      if (isOwn) map.ripple();
      else map.ring(own);
      if (text && what === "text") activity.add(isOwn ? `searched for “${text}”` : `somebody searches for “${text}”`);
    },
    download: (event) => transfers.happened(event),
    upload: (event) => transfers.uploaded(event),
    offer: ({ offer }) => activity.add(pushSentence(offer)),
    registration: ({ registered }) =>
      activity.add(registered ? "the registry knows this peer" : "the registry does not know this peer now", registered ? "good" : "bad"),
  };
}
