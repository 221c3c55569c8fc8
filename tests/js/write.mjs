// Writes numbers as the live client does: reads cases from the input, answers the texts.

import { readFileSync } from "node:fs";

import { Formatter, styleOf } from "../../static/src/js/format.js";

const cases = JSON.parse(readFileSync(0, "utf8"));
const texts = cases.map(({ style, kind, value, digits }) =>
  new Formatter(styleOf(style))[kind](value, digits),
);
process.stdout.write(JSON.stringify(texts));
