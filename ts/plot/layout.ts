// The layout of a chart: the ranges of its axes, and the plotting area that the texts around it leave.
import type { Axis, ChartOptions } from "./chart-options.ts";
import { textWidth } from "./markup.ts";
import { isShown, isWide, position, type Scale, type Tick, ticksOf } from "./ticks.ts";

/** The plotting area in pixels, and the way from values to pixels. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly xScale: Scale;
  readonly yScale: Scale;
  x(value: number): number;
  y(value: number): number;
}

export const TITLE_SIZE = 15;
export const LABEL_SIZE = 13;
export const TICK_SIZE = 12;
/** Around the whole picture. */
export const MARGIN = 12;
/** Room between the outermost values and the ends of an axis, as a part of its length. */
const PADDING = 0.035;
/** Pixels that a tick should have for itself. */
const TICK_PITCH = { x: 78, y: 52 };

export const titleHeight = (title: string | undefined): number => (title ? TITLE_SIZE + 9 : 0);

/** A label as short as "y₁" stands upright; a longer one is turned along its axis. */
export const isUpright = (label: string): boolean => textWidth(label, LABEL_SIZE) <= 24;

/** The ends of an axis that shows all values, with a little room. */
function rangeOf(arrays: readonly ArrayLike<number>[], scale: Scale): Axis {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      if (!isShown(values[i], scale)) continue;
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
  }
  if (low > high) return scale === "log" ? [1, 10] : [0, 1];
  // Differences that are only rounding, or none at all, still need a visible axis around them.
  if (scale === "log") {
    // Neither high / low nor the padded ends may overflow.
    const room = isWide(low, high) ? high ** PADDING / low ** PADDING : 2;
    return [Math.max(low / room, Number.MIN_VALUE), Math.min(high * room, Number.MAX_VALUE)];
  }
  const size = Math.max(Math.abs(low), Math.abs(high));
  const room = isWide(low, high) ? (high - low) * PADDING : isWide(0, size / 2) ? size / 2 : 1;
  return [low - room, high + room];
}

/** A linear map of the range's positions onto two pixel coordinates. */
function mapping([low, high]: Axis, scale: Scale, from: number, to: number): (value: number) => number {
  const start = position(low, scale);
  const length = position(high, scale) - start;
  // A value far outside a given range would get a coordinate that renderers cannot handle.
  const clamp = (pixel: number) => Math.max(-1e5, Math.min(1e5, pixel));
  return (value) => clamp(from + ((position(value, scale) - start) / length) * (to - from));
}

export function layOut(options: ChartOptions, width: number, height: number, legendHeight: number): Frame {
  const { series, title, xLabel, yLabel, xScale = "linear", yScale = "linear" } = options;
  const xRange =
    options.xRange ??
    rangeOf(
      series.map(({ x }) => x),
      xScale,
    );
  const yRange =
    options.yRange ??
    rangeOf(
      series.map(({ y }) => y),
      yScale,
    );
  const top = MARGIN + titleHeight(title) + legendHeight;
  const bottom = height - (xLabel ? 46 : 28);
  const yTicks = ticksOf(...yRange, yScale, (bottom - top) / TICK_PITCH.y);
  const tickWidth = Math.max(0, ...yTicks.map(({ label }) => textWidth(label, TICK_SIZE)));
  const labelWidth = !yLabel ? 0 : isUpright(yLabel) ? textWidth(yLabel, LABEL_SIZE) + 10 : 24;
  const left = MARGIN + labelWidth + tickWidth + 8;
  const right = width - MARGIN - 4;
  const xTicks = ticksOf(...xRange, xScale, (right - left) / TICK_PITCH.x);
  const x = mapping(xRange, xScale, left, right);
  const y = mapping(yRange, yScale, bottom, top);
  return { left, right, top, bottom, xTicks, yTicks, xScale, yScale, x, y };
}
