// What a chart shows, and how: the options of `chart`.
import type { Scale } from "./ticks.ts";

export const SERIES_STYLES = ["line", "dashed", "points", "crosses"] as const;
export type SeriesStyle = (typeof SERIES_STYLES)[number];

export const CHART_OPTIONS: readonly (keyof ChartOptions)[] = [
  "series",
  "title",
  "xLabel",
  "yLabel",
  "xScale",
  "yScale",
  "xRange",
  "yRange",
  "width",
  "height",
];

/** The ends of an axis. */
export type Axis = readonly [low: number, high: number];

export interface Series {
  readonly x: ArrayLike<number>;
  /** As many as `x`; a value that the scale cannot show (NaN, ∞, not positive on a log scale) leaves a gap. */
  readonly y: ArrayLike<number>;
  /** The entry in the legend; a series without one has none. */
  readonly label?: string | undefined;
  /** `"line"` by default. */
  readonly style?: SeriesStyle | undefined;
  /** Any SVG colour; by default one of the palette, by the place in `series`. */
  readonly color?: string | undefined;
  /** 0 … 1, 1 by default. */
  readonly opacity?: number | undefined;
}

export interface ChartOptions {
  /** Drawn in this order, later ones on top. */
  readonly series: readonly Series[];
  readonly title?: string | undefined;
  readonly xLabel?: string | undefined;
  readonly yLabel?: string | undefined;
  /** `"linear"` by default. */
  readonly xScale?: Scale | undefined;
  readonly yScale?: Scale | undefined;
  /** The ends of the axes; what lies outside is cut off. By default everything is shown. */
  readonly xRange?: Axis | undefined;
  readonly yRange?: Axis | undefined;
  /** Pixels, 640 × 400 by default. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}
