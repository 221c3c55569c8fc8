// The one wrapper around the chart library: a line of values over time, in the colors of the theme.

import {
  AreaSeries,
  createChart,
  CrosshairMode,
  LineSeries,
  LineType,
  TickMarkType,
} from "lightweight-charts";

import { color } from "./theme.js";

/**
 * @typedef {{date: string, value: string} | {at: string, value: string}} Point of a day or a moment
 * @typedef {(moment: Date, part?: "day" | "time") => string} Clock writes a moment, or part of it
 * @typedef {object} ValueChart
 * @property {(point: Point) => void} update  moves or adds the last point
 * @property {() => void} remove
 */

/**
 * Draws values over days, or over moments, into a box.
 * @param {HTMLElement} box
 * @param {Point[]} points oldest first
 * @param {object} options
 * @param {(value: number) => string} options.write how a value is written on the axis
 * @param {(point: {when: string, value: number} | null) => void} options.onHover
 * @param {Clock} [options.clock] how moments are written, where the points have moments
 * @param {Point[]} [options.beside] a second line to compare with, oldest first
 * @returns {ValueChart}
 */
export function drawValues(box, points, { write, onHover, clock, beside = [] }) {
  const chart = createChart(box, {
    autoSize: true,
    // The notice that the licence asks for stands at the foot of every page.
    layout: { attributionLogo: false },
    crosshair: { mode: CrosshairMode.Magnet, horzLine: { visible: false, labelVisible: false } },
    handleScroll: false,
    handleScale: false,
    localization: { priceFormatter: write, ...(clock && { timeFormatter: writeTime(clock) }) },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.06 } },
    timeScale: {
      borderVisible: false,
      fixLeftEdge: true,
      fixRightEdge: true,
      ...(clock && { timeVisible: true, tickMarkFormatter: writeMark(clock) }),
    },
  });
  const series = chart.addSeries(AreaSeries, PLAIN);
  const other = beside.length ? chart.addSeries(LineSeries, PLAIN) : null;
  other?.setData(beside.map(toBar));
  const paint = () => applyTheme(chart, series, other);
  paint();
  series.setData(points.map(toBar));
  chart.timeScale().fitContent();
  chart.subscribeCrosshairMove(({ time, seriesData }) => {
    const bar = seriesData.get(series);
    const when = clock && bar ? writeTime(clock)(time) : String(time);
    onHover(bar ? { when, value: bar.value } : null);
  });
  document.addEventListener("livefolio:theme", paint);
  return {
    update: (point) => series.update(toBar(point)),
    remove: () => {
      document.removeEventListener("livefolio:theme", paint);
      chart.remove();
    },
  };
}

const PLAIN = {
  lineWidth: 2,
  lineType: LineType.Simple,
  priceLineVisible: false,
  lastValueVisible: false,
  crosshairMarkerRadius: 4,
};

// A drawing has a few hundred pixels: here, and only here, a float is exact enough.
const toBar = ({ date, at, value }) => ({
  time: at === undefined ? date : Date.parse(at) / 1_000,
  value: Number(value),
});

// The library counts seconds, and knows no time zones.
const writeTime = (clock) => (seconds) => clock(new Date(seconds * 1_000));

const writeMark = (clock) => (seconds, type) => {
  return clock(new Date(seconds * 1_000), type < TickMarkType.Time ? "day" : "time");
};

function applyTheme(chart, series, other) {
  const grid = { color: color("--chart-grid") };
  chart.applyOptions({
    layout: {
      background: { color: "transparent" },
      textColor: color("--ink-faint"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 12,
    },
    grid: { vertLines: { visible: false }, horzLines: grid },
    crosshair: { vertLine: { color: color("--line-strong"), labelVisible: false } },
  });
  other?.applyOptions({ color: color("--chart-other") });
  series.applyOptions({
    lineColor: color("--chart-line"),
    topColor: color("--chart-area"),
    bottomColor: color("--chart-area-end"),
  });
}
