import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../../static/src/css/tokens.css", import.meta.url), "utf8");

/** Reads `--name: light-dark(#…, #…)`, or one color for both. */
const token = (name) => {
  const value = css.match(new RegExp(`${name}: ([^;]+);`))[1];
  const colors = value.match(/#[0-9a-f]{6}/g);
  return { light: colors[0], dark: colors.at(-1) };
};

const luminance = (color) => {
  const [red, green, blue] = [1, 3, 5].map((place) => {
    const part = Number.parseInt(color.slice(place, place + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (one, other) => {
  const [dim, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
};

const INKS = ["--ink", "--ink-muted", "--ink-faint", "--accent", "--gain", "--loss", "--warn"];
const GROUNDS = ["--canvas", "--surface", "--surface-hover"];
const PAIRS = [
  ...INKS.flatMap((ink) => GROUNDS.map((ground) => [ink, ground, 4.5])),
  ["--ink-muted", "--surface-sunken", 4.5],
  ["--accent", "--accent-soft", 4.5],
  ["--gain", "--gain-soft", 4.5],
  ["--loss", "--loss-soft", 4.5],
  ["--warn", "--warn-soft", 4.5],
  ["--on-accent", "--accent-fill", 4.5],
  ["--on-accent", "--accent-fill-hover", 4.5],
  ["--on-accent", "--danger-fill", 4.5],
  ["--line-strong", "--surface", 3],
];

for (const [ink, ground, least] of PAIRS) {
  for (const theme of ["light", "dark"]) {
    test(`${ink} can be read on ${ground} in the ${theme} theme`, () => {
      const found = contrast(token(ink)[theme], token(ground)[theme]);
      assert.ok(found >= least, `${found.toFixed(2)} is below ${least}`);
    });
  }
}
