// A chart of returns since the start of a range, with a benchmark beside them, and the same as a table.

import { drawValues } from "../chart.js";

/**
 * @typedef {{date: string, portfolio: string | null, benchmark: string | null}} Day
 */

/**
 * @param {HTMLElement} figure
 * @param {{format: import("../format.js").Formatter}} page
 * @returns {() => void} what to do when the figure leaves the page
 */
export default function start(figure, { format }) {
  /** @type {Day[]} */
  const days = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const byDate = new Map(days.map((day) => [day.date, day]));
  const hasBenchmark = days.some((day) => day.benchmark !== null);
  const readout = figure.querySelector("[data-readout]");
  const box = figure.querySelector("[data-chart]");
  box.replaceChildren();
  const chart = drawValues(box, line(days, "portfolio"), {
    write: (value) => format.rate(value.toFixed(8)),
    onHover: (point) => {
      readout.textContent = point ? sentence(byDate.get(point.when), format) : "";
    },
    beside: line(days, "benchmark"),
  });
  const table = figure.querySelector("[data-chart-table]");
  const fill = () => table.open && fillTable(table, days, format, hasBenchmark);
  table.addEventListener("toggle", fill, { once: true });
  return () => chart.remove();
}

/** What isn't known on a day leaves a gap that is bridged, and is no zero. */
function line(days, name) {
  return days
    .filter((day) => day[name] !== null)
    .map((day) => ({ date: day.date, value: day[name] }));
}

function sentence(day, format) {
  const beside = day.benchmark === null ? "" : `, beside ${format.rate(day.benchmark)}`;
  return `${format.rate(day.portfolio)} on ${day.date}${beside}`;
}

function fillTable(details, days, format, hasBenchmark) {
  const rows = days.toReversed().map((day) => {
    const row = document.createElement("tr");
    const date = document.createElement("th");
    date.scope = "row";
    date.textContent = day.date;
    row.append(date, cell(day.portfolio, format));
    if (hasBenchmark) row.append(cell(day.benchmark, format));
    return row;
  });
  details.querySelector("tbody").replaceChildren(...rows);
}

function cell(value, format) {
  const made = document.createElement("td");
  made.className = "number";
  made.textContent = format.rate(value);
  return made;
}
