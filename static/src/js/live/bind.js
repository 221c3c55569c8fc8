// Writes values into the cells that name them: `data-live="quote:<id>:price" data-format="price"`.

import { age, toneOf } from "../format.js";

const FLASH_PAUSE = 1_000;
const CALM = 30;
const AGE_EVERY = 5_000;

/** What each `data-format` does with a cell and a new value. */
const WRITERS = {
  money: (cell, value, { format }) => setNumber(cell, value, format.money(value, cell.digits)),
  change: (cell, value, { format }) => {
    setNumber(cell, value, format.change(value, cell.digits));
    cell.element.dataset.tone = toneOf(value);
  },
  percent: (cell, value, { format }) => setNumber(cell, value, format.percent(value)),
  rate: (cell, value, { format }) => {
    setNumber(cell, value, format.rate(value));
    cell.element.dataset.tone = toneOf(value);
  },
  price: (cell, value, { format }) => setNumber(cell, value, format.price(value, cell.digits)),
  quantity: (cell, value, { format }) => {
    setNumber(cell, value === null ? null : String(value), format.quantity(String(value ?? 0)));
  },
  age: (cell, value, { now }) => {
    cell.element.textContent = age(value, now());
    cell.element.title = value;
  },
  // Attributes of SVG and of <progress>, which a strict style policy lets through.
  bar: (cell, value) => cell.element.setAttribute("width", `${Number(value ?? 0) * 100}%`),
  value: (cell, value) => cell.element.setAttribute("value", String(value)),
  max: (cell, value) => cell.element.setAttribute("max", String(Math.max(1, Number(value)))),
  shown: (cell, value) => {
    cell.element.hidden = !value || value === "complete";
  },
  delay: (cell, value) => {
    cell.element.hidden = !value;
    cell.element.textContent = value ? `${Math.round(value / 60)} min late` : "";
  },
  text: (cell, value) => {
    cell.element.textContent = String(value ?? "");
  },
  market: (cell, value) => {
    cell.element.dataset.market = value;
    cell.element.textContent = value;
  },
};

function setNumber(cell, value, text) {
  const { element } = cell;
  if (element.textContent === text) return;
  element.textContent = text;
  element.classList.toggle("unknown", value === null);
  if (value === null) element.title = "unknown";
  else element.removeAttribute("title");
}

/** The cells of the page, found by key, written once a frame. */
export class Board {
  #root;
  #tools;
  #cells = new Map();
  #values = new Map();
  #pending = new Map();
  #watchers = new Map();
  #frame = null;
  #changes = [];
  #calm;

  /**
   * @param {Document} root
   * @param {import("../format.js").Formatter} format
   * @param {{now?: () => number}} tools
   */
  constructor(root, format, { now = Date.now } = {}) {
    this.#root = root;
    this.#tools = { format, now };
    this.#calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");
    setInterval(() => this.#growOlder(), AGE_EVERY);
  }

  /** Finds the cells of the page anew, after part of it was replaced. */
  index() {
    this.#cells.clear();
    for (const element of this.#root.querySelectorAll("[data-live]")) {
      const key = element.dataset.live;
      const cell = {
        element,
        format: element.dataset.format,
        digits: Number(element.closest("[data-digits]")?.dataset.digits ?? 2),
        flashes: "flashes" in element.dataset,
        flashedAt: 0,
      };
      if (!this.#cells.has(key)) this.#cells.set(key, []);
      this.#cells.get(key).push(cell);
    }
  }

  /** Returns the ids that the page shows something of: `ids("quote")`. */
  ids(kind) {
    const found = new Set();
    for (const key of [...this.#cells.keys(), ...this.#watchers.keys()]) {
      const [head, id] = key.split(":");
      if (head === kind) found.add(id);
    }
    return found;
  }

  /** Calls back with each new value of a key, until the returned function is called. */
  watch(key, callback) {
    if (!this.#watchers.has(key)) this.#watchers.set(key, new Set());
    const callbacks = this.#watchers.get(key);
    callbacks.add(callback);
    if (this.#values.has(key)) callback(this.#values.get(key));
    return () => {
      callbacks.delete(callback);
      if (callbacks.size === 0) this.#watchers.delete(key);
    };
  }

  /** Returns the newest value of a key. */
  value(key) {
    return this.#values.get(key);
  }

  /** Takes new values in; they are on the page with the next frame. */
  put(values) {
    for (const [key, value] of values) this.#pending.set(key, value);
    this.#frame ??= requestAnimationFrame(() => this.#write());
  }

  #write() {
    this.#frame = null;
    const pending = this.#pending;
    this.#pending = new Map();
    for (const [key, value] of pending) {
      const before = this.#values.get(key);
      this.#values.set(key, value);
      // Also what hasn't changed: the cell may be a new one, with what the server wrote into it.
      for (const cell of this.#cells.get(key) ?? []) this.#show(cell, value, before);
      if (before !== value) for (const callback of this.#watchers.get(key) ?? []) callback(value);
      if (key.endsWith(":stale")) this.#markStale(key.slice(0, -":stale".length), value);
    }
  }

  #show(cell, value, before) {
    WRITERS[cell.format]?.(cell, value, this.#tools);
    if (cell.flashes && typeof before === "string" && typeof value === "string") {
      this.#flash(cell, Number(value) - Number(before));
    }
  }

  /** Grays what belongs to a price or a portfolio that is older than it should be. */
  #markStale(prefix, isStale) {
    for (const [key, cells] of this.#cells) {
      if (!key.startsWith(`${prefix}:`)) continue;
      for (const { element } of cells) element.toggleAttribute("data-stale", isStale);
    }
  }

  #flash(cell, difference) {
    const now = this.#tools.now();
    this.#changes = this.#changes.filter((moment) => now - moment < FLASH_PAUSE);
    this.#changes.push(now);
    const isBusy = this.#changes.length > CALM;
    if (difference === 0 || isBusy || this.#calm?.matches) return;
    if (now - cell.flashedAt < FLASH_PAUSE) return;
    cell.flashedAt = now;
    cell.element.dataset.flash = difference > 0 ? "up" : "down";
    cell.element.addEventListener("animationend", () => delete cell.element.dataset.flash, {
      once: true,
    });
  }

  #growOlder() {
    for (const [key, cells] of this.#cells) {
      if (!this.#values.has(key)) continue;
      for (const cell of cells) {
        if (cell.format === "age") WRITERS.age(cell, this.#values.get(key), this.#tools);
      }
    }
  }
}
