// A chart of values over days or moments: draws it, keeps its last point live, shows it as a table.

import { drawValues } from "../chart.js";
import { clockOf } from "../format.js";

const AXIS = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 4 });

/**
 * @param {HTMLElement} figure
 * @param {{board: import("../live/bind.js").Board, format: import("../format.js").Formatter}} page
 * @returns {() => void} what to do when the figure leaves the page
 */
export default function start(figure, { board, format }) {
  const points = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const digits = Number(figure.dataset.digits);
  const readout = figure.querySelector("[data-readout]");
  const box = figure.querySelector("[data-chart]");
  const { step, zone } = figure.dataset;
  const clock = step && clockOf(zone);
  const write = (value) => format.money(value.toFixed(digits), digits);
  box.replaceChildren();
  const chart = drawValues(box, points, {
    write: (value) => AXIS.format(value),
    clock,
    onHover: (point) => {
      readout.textContent = point ? `${write(point.value)} on ${point.when}` : "";
    },
  });
  const stopWatching = keepLive(figure, board, chart, points);
  const table = figure.querySelector("[data-chart-table]");
  const fill = () => table.open && fillTable(table, points, { format, digits, clock });
  table.addEventListener("toggle", fill, { once: true });
  return () => {
    stopWatching();
    chart.remove();
  };
}

function keepLive(figure, board, chart, points) {
  const key = figure.dataset.chartLive;
  if (!key || points.length === 0) return () => {};
  const step = Number(figure.dataset.step ?? 0) * 1_000;
  return board.watch(key, (value) => {
    const point = step ? momentOf(value, step) : dayOf(value);
    // Within days only what is traded moves on.
    const isTraded = !step || board.value(key.replace(/:price$/, ":state")) === "open";
    // What is before the last point can't be drawn, and an unknown value isn't a zero.
    if (value !== null && isTraded && !isBefore(point, points.at(-1))) chart.update(point);
  });
}

const dayOf = (value) => ({ date: new Date().toISOString().slice(0, 10), value });

function momentOf(value, step) {
  return { at: new Date(Math.floor(Date.now() / step) * step).toISOString(), value };
}

const isBefore = (one, other) => Date.parse(one.at ?? one.date) < Date.parse(other.at ?? other.date);

function fillTable(details, points, { format, digits, clock }) {
  const body = details.querySelector("tbody");
  const rows = points.toReversed().map(({ date, at, value }) => {
    const row = document.createElement("tr");
    const day = document.createElement("th");
    const cell = document.createElement("td");
    day.scope = "row";
    day.textContent = clock ? clock(new Date(at)) : date;
    cell.className = "number";
    cell.textContent = format.money(value, digits);
    row.append(day, cell);
    return row;
  });
  body.replaceChildren(...rows);
}
