// Starts what the page asks for: live values, htmx, and the modules named by `data-module`.

import htmx from "htmx.org";

import { Formatter, styleOf } from "./format.js";
import { Board } from "./live/bind.js";
import { Session } from "./live/session.js";
import { closeMenusFromOutside } from "./menus.js";
import * as popover from "./pages/popover.js";
import { takeOverThemeForms } from "./theme.js";

/** Loaded when a page first has an element with that `data-module`; what links need is there. */
const MODULES = {
  "value-chart": () => import("./pages/value-chart.js"),
  "index-chart": () => import("./pages/index-chart.js"),
  "transaction-form": () => import("./pages/transaction-form.js"),
  "instrument-search": () => import("./pages/instrument-search.js"),
  filters: () => import("./pages/filters.js"),
  popover: () => popover,
};

const format = new Formatter(styleOf(document.documentElement.dataset));
const board = new Board(document, format);
const endings = new WeakMap();
const started = new WeakSet();
let session = null;

function startModules(root) {
  const found = [...root.querySelectorAll("[data-module]")];
  if (root.matches?.("[data-module]")) found.push(root);
  // None waits for another: a link may be clicked while a chart is on its way.
  for (const element of found) void startModule(element);
}

async function startModule(element) {
  if (started.has(element)) return;
  started.add(element);
  const module = await MODULES[element.dataset.module]?.();
  const end = module?.default(element, { board, format });
  if (end) endings.set(element, end);
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
  if (isInUse(region)) {
    reloadLater(region);
    return;
  }
  void htmx.ajax("GET", location.href, {
    source: region,
    target: `#${region.id}`,
    select: `#${region.id}`,
    swap: "outerHTML",
  });
}

function reloadLater(region) {
  setTimeout(() => region.isConnected && reload(region), 2_000);
}

/** Tells whether somebody reads a detail of a region, or waits for one: both would be lost. */
function isInUse(region) {
  return region.querySelector(":popover-open, dialog[open], .htmx-request") !== null;
}

takeOverThemeForms();
closeMenusFromOutside();
document.addEventListener("htmx:load", ({ detail }) => {
  startModules(detail.elt);
  startLive();
});
document.addEventListener("htmx:beforeCleanupElement", ({ detail }) => {
  endings.get(detail.elt)?.();
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const region = detail.requestConfig.elt;
  // A detail may have been opened while the fresh version was on its way.
  if (region.matches("[data-reload]") && isInUse(region)) {
    detail.shouldSwap = false;
    reloadLater(region);
  }
});
