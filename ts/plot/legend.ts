// The legend: samples and labels in rows above the plotting area, where they can hide no curve.

import { drawSample, type Mark } from "./marks.ts";
import { element, escapeText, textWidth } from "./markup.ts";

interface Entry {
  readonly mark: Mark;
  readonly x: number;
  readonly row: number;
}

interface Legend {
  readonly entries: readonly Entry[];
  /** Pixels, 0 without entries. */
  readonly height: number;
}

const FONT_SIZE = 12.5;
const ROW = 20;
const SAMPLE = 28;
const GAP = 18;

/** Places the labelled series into rows of the given width. */
export function layOutLegend(marks: readonly Mark[], width: number): Legend {
  const entries: Entry[] = [];
  let x = 0;
  let row = 0;
  for (const mark of marks) {
    if (!mark.label) continue;
    const needed = SAMPLE + textWidth(mark.label, FONT_SIZE);
    if (x > 0 && x + needed > width) {
      x = 0;
      row++;
    }
    entries.push({ mark, x, row });
    x += needed + GAP;
  }
  return { entries, height: entries.length === 0 ? 0 : (row + 1) * ROW + 8 };
}

export function drawLegend({ entries }: Legend, left: number, top: number): string {
  if (entries.length === 0) return "";
  const drawn = entries.map(({ mark, x, row }) => {
    const middle = top + row * ROW + ROW / 2;
    const text = element("text", { x: left + x + SAMPLE, y: middle + 4 }, escapeText(mark.label ?? ""));
    return drawSample(mark, left + x, middle) + text;
  });
  return element("g", { "font-size": FONT_SIZE }, ...drawn);
}
