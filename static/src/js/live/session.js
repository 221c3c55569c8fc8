// The live half of a page: subscribes to what it shows, writes what comes, says how fresh it is.

import { valuesOf } from "./protocol.js";
import { LiveSocket } from "./socket.js";
import { isOverdue, ServerClock } from "./staleness.js";
import { describe } from "./status.js";

const REVIEW_EVERY = 1_000;
const RELOAD_PAUSE = 300;
const SPEAK_AFTER = 3_000;

/** Returns the jobs that were at work when the page was written; they may have ended since. */
function idsOfJobs() {
  const elements = [...document.querySelectorAll("[data-job-id]")];
  return new Set(elements.map((element) => element.dataset.jobId));
}

/** Lists by kind the ids of some that others lack. */
function listMissing(some, others) {
  const missing = Object.entries(some).map(([kind, ids]) => {
    return [kind, [...ids].filter((id) => !others?.[kind].has(id))];
  });
  return Object.fromEntries(missing);
}

/**
 * @param {import("./bind.js").Board} board
 * @param {{reload: (region: Element) => void}} page what can be done to the page
 */
export class Session {
  #board;
  #page;
  #socket;
  #subscribed = { instruments: new Set(), portfolios: new Set(), jobs: new Set() };
  #facts = { socket: "connecting", lostAt: null, lag: null, isFilled: false };
  #clock = new ServerClock();
  #staleAfter = Number(document.documentElement.dataset.staleAfter) * 1_000;
  /** What each portfolio holds, by its id. */
  #held = new Map();
  #reloads = new Map();
  #spoken = null;
  #wasLost = false;

  constructor(board, page) {
    this.#board = board;
    this.#page = page;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.#socket = new LiveSocket(`${scheme}://${location.host}/ws/v1/stream/`, {
      onOpen: () => this.#opened(),
      onMessage: (message) => this.#take(message),
      onGap: () => this.#caughtGap(),
      onState: (state) => this.#changed(state),
    });
  }

  /** Begins to live. */
  start() {
    document.addEventListener("visibilitychange", () => this.#socket.setHidden(document.hidden));
    addEventListener("online", () => this.#socket.setHidden(document.hidden));
    addEventListener("offline", () => this.#review());
    addEventListener("pagehide", () => this.#socket.disconnect());
    addEventListener("pageshow", (event) => event.persisted && this.#socket.connect());
    setInterval(() => this.#review(), REVIEW_EVERY);
    this.#socket.connect();
  }

  /** Subscribes to what has come onto the page since, and gives up what has gone. */
  follow() {
    const shown = this.#shown();
    this.#tell("subscribe", listMissing(shown, this.#subscribed));
    this.#tell("unsubscribe", listMissing(this.#subscribed, shown));
    this.#subscribed = shown;
  }

  #shown() {
    return {
      instruments: this.#board.ids("quote"),
      portfolios: new Set([...this.#board.ids("portfolio"), ...this.#board.ids("position")]),
      jobs: idsOfJobs(),
    };
  }

  #tell(type, lists) {
    if (Object.values(lists).some((ids) => ids.length > 0)) this.#socket.send({ type, ...lists });
  }

  #opened() {
    const isBack = this.#facts.lostAt !== null;
    this.#facts = { ...this.#facts, lostAt: null, isFilled: false };
    this.#clock.reset();
    this.#subscribed = this.#shown();
    // Every page counts what waits in the inbox; that may have changed since it was written.
    this.#socket.send({ type: "subscribe", ...listMissing(this.#subscribed), inbox: true });
    // News sent while the line was down is gone: look at the truth again.
    if (isBack) this.#reloadAll();
  }

  #caughtGap() {
    this.#socket.send({ type: "snapshot" });
    this.#reloadAll();
  }

  #changed(state) {
    if (state === "waiting" && this.#facts.lostAt === null) this.#facts.lostAt = Date.now();
    this.#facts.socket = state;
    this.#review();
  }

  #take(message) {
    if (message.at) {
      this.#facts.lag = Math.max(0, Date.now() - Date.parse(message.at));
      this.#clock.hear(message.at, Date.now());
    }
    if (message.type === "snapshot") this.#facts.isFilled = true;
    if (message.type === "reload") this.#reload(`${message.topic}:${message.id}`);
    this.#board.put(valuesOf(message));
    for (const portfolio of message.portfolios ?? [message.portfolio ?? []].flat()) {
      this.#compareRevision(portfolio);
      this.#held.set(portfolio.id, portfolio.positions);
    }
    if (message.job) this.#compareState(message.job);
    if (message.alert) this.#say(`${message.alert.title}. ${message.alert.detail}`);
    if (message.type === "inbox") this.#countInbox(message.unread);
  }

  /** Counts in the bar what waits, and shows it where the inbox itself is open. */
  #countInbox(unread) {
    let isNews = false;
    for (const count of document.querySelectorAll("[data-unread]")) {
      isNews ||= count.textContent !== String(unread);
      count.textContent = String(unread);
      count.hidden = unread === 0;
    }
    if (isNews) this.#reload("inbox");
  }

  /** Fetches holdings anew that were computed from another ledger than those on the page. */
  #compareRevision({ id, revision, recalculating }) {
    for (const region of document.querySelectorAll(`[data-reload~="holdings:${id}"]`)) {
      const shown = region.dataset.revision;
      if (shown !== undefined && shown !== String(revision) && !recalculating) this.#plan(region);
    }
  }

  #compareState({ id, kind, state }) {
    if (kind !== "import" && kind !== "sync") return;
    for (const region of document.querySelectorAll(`[data-reload~="${kind}s:${id}"]`)) {
      const shown = region.querySelector(`[data-job-id="${id}"]`)?.dataset.state;
      const known = region.dataset.state ?? shown;
      if (known !== undefined && known !== state) this.#plan(region);
    }
  }

  #reload(topic) {
    for (const region of document.querySelectorAll(`[data-reload~="${topic}"]`)) this.#plan(region);
  }

  #reloadAll() {
    for (const region of document.querySelectorAll("[data-reload]")) this.#plan(region);
  }

  /** Fetches a region soon; several reasons at once make one request. */
  #plan(region) {
    if (this.#reloads.has(region.id)) return;
    const fetchIt = () => {
      this.#reloads.delete(region.id);
      const present = document.getElementById(region.id);
      if (present) this.#page.reload(present);
    };
    this.#reloads.set(region.id, setTimeout(fetchIt, RELOAD_PAUSE));
  }

  #review() {
    const now = Date.now();
    const described = describe({
      ...this.#facts,
      ...this.#freshness(now),
      isOnline: navigator.onLine,
      now,
    });
    for (const badge of document.querySelectorAll("[data-live-status]")) {
      badge.hidden = false;
      if (badge.dataset.state !== described.state) badge.dataset.state = described.state;
      const words = badge.querySelector("[data-live-words]");
      if (words.textContent !== described.text) words.textContent = described.text;
    }
    document.documentElement.toggleAttribute("data-not-live", described.state !== "live");
    this.#speak(described.state, now);
  }

  #freshness(now) {
    let staleCount = 0;
    let openCount = 0;
    let staleSince = now;
    const overdue = new Set();
    for (const id of this.#subscribed.instruments) {
      const quote = this.#quote(id);
      if (quote.state !== undefined && quote.state !== "closed") openCount += 1;
      if (quote.stale !== true) {
        if (!isOverdue(quote, this.#clock.at(now), this.#staleAfter)) continue;
        overdue.add(id);
      }
      staleCount += 1;
      staleSince = Math.min(staleSince, Date.parse(quote.at));
    }
    this.#markOverdue(overdue);
    return { staleCount, openCount, staleSince };
  }

  #quote(id) {
    const names = ["at", "confirmed_at", "state", "delay_seconds", "stale"];
    return Object.fromEntries(
      names.map((name) => [name, this.#board.value(`quote:${id}:${name}`)]),
    );
  }

  /** Marks prices of which the server says nothing any more, and what rests on them. */
  #markOverdue(ids) {
    if (ids.size === 0) return;
    const marks = [...ids].map((id) => [`quote:${id}:stale`, true]);
    for (const [id, positions] of this.#held) {
      if (positions.some((each) => ids.has(each.instrument))) {
        marks.push([`portfolio:${id}:stale`, true]);
      }
    }
    this.#board.put(marks);
  }

  /** Tells screen readers of a loss that lasts, and of the return from it; of nothing else. */
  #speak(state, now) {
    const isLost = this.#facts.lostAt !== null && now - this.#facts.lostAt > SPEAK_AFTER;
    if (isLost && !this.#wasLost) {
      this.#wasLost = true;
      this.#say("Connection lost. Prices are not being updated.");
    } else if (this.#wasLost && state === "live") {
      this.#wasLost = false;
      this.#say("Connection restored. Prices are live again.");
    }
  }

  #say(sentence) {
    const announcer = document.getElementById("announcer");
    if (announcer && this.#spoken !== sentence) announcer.textContent = this.#spoken = sentence;
  }
}
