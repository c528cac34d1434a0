// odegrad/plot: pictures of solutions, and charts in general, as SVG without any dependency.
export { chart } from "./chart.ts";
export type { Axis, ChartOptions, Series, SeriesStyle } from "./chart-options.ts";
export { Plot } from "./picture.ts";
export { type PlotKind, type PlotOptions, plot } from "./plot.ts";
export type { PlottableSolution } from "./plottable.ts";
export type { Scale } from "./ticks.ts";
