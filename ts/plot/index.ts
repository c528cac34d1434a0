// odegrad/plot: pictures of solutions, and charts in general, as SVG without any dependency.
export { type Axis, type ChartOptions, chart, type Scale, type Series, type SeriesStyle } from "./chart.ts";
export { Plot } from "./picture.ts";
export { type PlotKind, type PlotOptions, type PlottableSolution, plot } from "./plot.ts";
