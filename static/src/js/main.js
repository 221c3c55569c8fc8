// Starts what the page asks for: live values, htmx, and the modules named by `data-module`.

import htmx from "htmx.org";

import { Formatter, styleOf } from "./format.js";
import { Board } from "./live/bind.js";
import { Session } from "./live/session.js";
import { closeMenusFromOutside } from "./menus.js";
import { takeOverThemeForms } from "./theme.js";

/** Loaded when a page first has an element with that `data-module`. */
const MODULES = {
  "value-chart": () => import("./pages/value-chart.js"),
  "index-chart": () => import("./pages/index-chart.js"),
  "transaction-form": () => import("./pages/transaction-form.js"),
  "instrument-search": () => import("./pages/instrument-search.js"),
  filters: () => import("./pages/filters.js"),
  popover: () => import("./pages/popover.js"),
};

const format = new Formatter(styleOf(document.documentElement.dataset));
const board = new Board(document, format);
const endings = new WeakMap();
const started = new WeakSet();
let session = null;

async function startModules(root) {
  const found = [...root.querySelectorAll("[data-module]")];
  if (root.matches?.("[data-module]")) found.push(root);
  for (const element of found) {
    if (started.has(element)) continue;
    started.add(element);
    const module = await MODULES[element.dataset.module]?.();
    const end = module?.default(element, { board, format });
    if (end) endings.set(element, end);
  }
}

function startLive() {
  board.index();
  if (session) {
    session.follow();
  } else if (document.querySelector("[data-live], [data-reload], [data-chart-live], [data-inbox]")) {
    session = new Session(board, { reload });
    session.start();
  }
}

/** Fetches the page anew and puts the fresh version of one region in its place. */
function reload(region) {
  // Somebody who reads a detail would lose it.
  if (region.querySelector(":popover-open, dialog[open]")) {
    setTimeout(() => region.isConnected && reload(region), 2_000);
    return;
  }
  void htmx.ajax("GET", location.href, {
    target: `#${region.id}`,
    select: `#${region.id}`,
    swap: "outerHTML",
  });
}

takeOverThemeForms();
closeMenusFromOutside();
document.addEventListener("htmx:load", ({ detail }) => {
  void startModules(detail.elt);
  startLive();
});
document.addEventListener("htmx:beforeCleanupElement", ({ detail }) => {
  endings.get(detail.elt)?.();
});
