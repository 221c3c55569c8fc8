// A chart of values over days: draws it, keeps its last point live, shows the same as a table.

import { drawValues } from "../chart.js";

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
  const write = (value) => format.money(value.toFixed(digits), digits);
  box.replaceChildren();
  const chart = drawValues(box, points, {
    write: (value) => AXIS.format(value),
    onHover: (point) => {
      readout.textContent = point ? `${write(point.value)} on ${point.date}` : "";
    },
  });
  const stopWatching = keepLive(figure, board, chart, points);
  const table = figure.querySelector("[data-chart-table]");
  const fill = () => table.open && fillTable(table, points, format, digits);
  table.addEventListener("toggle", fill, { once: true });
  return () => {
    stopWatching();
    chart.remove();
  };
}

function keepLive(figure, board, chart, points) {
  const key = figure.dataset.chartLive;
  if (!key || points.length === 0) return () => {};
  return board.watch(key, (value) => {
    const today = new Date().toISOString().slice(0, 10);
    // A day before the last point can't be drawn, and an unknown value isn't a zero.
    if (value !== null && today >= points.at(-1).date) chart.update({ date: today, value });
  });
}

function fillTable(details, points, format, digits) {
  const body = details.querySelector("tbody");
  const rows = points.toReversed().map(({ date, value }) => {
    const row = document.createElement("tr");
    const day = document.createElement("th");
    const cell = document.createElement("td");
    day.scope = "row";
    day.textContent = date;
    cell.className = "number";
    cell.textContent = format.money(value, digits);
    row.append(day, cell);
    return row;
  });
  body.replaceChildren(...rows);
}
