// What a chart shows, and how: the options of `chart`.
import type { Scale } from "./ticks.ts";

/** How a series is drawn: a line, a dashed line, dots, or crosses. */
export type SeriesStyle = "line" | "dashed" | "points" | "crosses";
export const SERIES_STYLES: readonly SeriesStyle[] = ["line", "dashed", "points", "crosses"];

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

/** One curve, or one set of points. */
export interface Series {
  /** Numbers along the horizontal axis, ascending or not. */
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

/** Options of `chart`. */
export interface ChartOptions {
  /** Drawn in this order, later ones on top. */
  readonly series: readonly Series[];
  /** Above the chart; none by default. */
  readonly title?: string | undefined;
  /** Below the horizontal axis; none by default. */
  readonly xLabel?: string | undefined;
  /** Beside the vertical axis; none by default. */
  readonly yLabel?: string | undefined;
  /** `"linear"` by default. */
  readonly xScale?: Scale | undefined;
  /** `"linear"` by default. */
  readonly yScale?: Scale | undefined;
  /** The ends of the axes; what lies outside is cut off. By default everything is shown. */
  readonly xRange?: Axis | undefined;
  /** As `xRange`. */
  readonly yRange?: Axis | undefined;
  /** Pixels, 640 by default. */
  readonly width?: number | undefined;
  /** Pixels, 400 by default. */
  readonly height?: number | undefined;
}
