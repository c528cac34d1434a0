// Pictures of a solution: its components over time, a phase portrait, or the steps that the solver took.
import { checkOptions, invalid } from "../base/errors.ts";
import { chart } from "./chart.ts";
import type { ChartOptions, Series } from "./chart-options.ts";
import { trace } from "./curves.ts";
import type { Plot } from "./picture.ts";
import type { PlottableSolution } from "./plottable.ts";

/** What `plot` shows: components over time, against each other, or the steps taken. */
export type PlotKind = "time" | "phase" | "steps";

/** Options of `plot`. */
export interface PlotOptions extends Pick<ChartOptions, "title" | "width" | "height"> {
  /**
   * `"time"` (default): components over t. `"phase"`: components against each other, two by two.
   * `"steps"`: the size of each step on a log scale, rejected attempts as crosses.
   */
  readonly kind?: PlotKind | undefined;
  /** Indices into the state, from 0; the first six by default, for `"phase"` the first two. */
  readonly components?: readonly number[] | undefined;
  /** One name for each of `components`; y₁, y₂, … by default. */
  readonly labels?: readonly string[] | undefined;
  /**
   * The times at which curves are drawn, through `solution.at`; `false` for straight lines between `ts`.
   * By default as many as a smooth curve needs where the solution is dense, else straight lines.
   */
  readonly at?: ArrayLike<number> | false | undefined;
}

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const nameOf = (component: number): string =>
  `y${[...String(component + 1)].map((digit) => SUBSCRIPTS[Number(digit)]).join("")}`;

interface Component {
  readonly index: number;
  readonly label: string;
}

function componentsOf({ components, labels }: PlotOptions, width: number, byDefault: number): Component[] {
  const chosen = components ?? Array.from({ length: Math.min(width, byDefault) }, (_, i) => i);
  for (const index of chosen) {
    if (Number.isInteger(index) && index >= 0 && index < width) continue;
    throw invalid("components", chosen, `integers from 0 to ${width - 1}, the state has ${width}`);
  }
  if (labels && labels.length !== chosen.length) {
    throw invalid("labels", labels, `one for each of the ${chosen.length} components drawn`);
  }
  return chosen.map((index, i) => ({ index, label: labels?.[i] ?? nameOf(index) }));
}

function timeSeries(solution: PlottableSolution, width: number, options: PlotOptions): ChartOptions {
  const components = componentsOf(options, width, 6);
  const { ts, component } = trace(solution, width, options.at);
  const isAlone = components.length === 1;
  const series = components.map(
    ({ index, label }): Series => ({ x: ts, y: component(index), label: isAlone ? undefined : label }),
  );
  return { series, xLabel: "t", yLabel: isAlone ? components[0].label : undefined };
}

function phasePortrait(solution: PlottableSolution, width: number, options: PlotOptions): ChartOptions {
  const components = componentsOf(options, width, 2);
  if (components.length < 2 || components.length % 2 === 1) {
    throw invalid(
      "components",
      options.components ?? components.map(({ index }) => index),
      "pairs of indices for a phase portrait",
    );
  }
  const { component } = trace(solution, width, options.at);
  const series: Series[] = [];
  for (let i = 0; i < components.length; i += 2) {
    series.push({ x: component(components[i].index), y: component(components[i + 1].index) });
  }
  return { series, xLabel: components[0].label, yLabel: components[1].label };
}

function stepSizes({ grid, stats, rejections }: PlottableSolution): ChartOptions {
  if (!grid || grid.length < 1)
    throw invalid("solution.grid", grid, 'the accepted step times, which kind "steps" shows');
  const accepted = grid.length - 1;
  const starts = Array.prototype.slice.call(grid, 0, accepted) as number[];
  const sizes = starts.map((t, i) => Math.abs(grid[i + 1] - t));
  const refused = Array.from(rejections ?? []);
  const rejected = stats?.rejected ?? refused.length;
  const series: Series[] = [
    { x: starts, y: sizes, style: "line", color: "#0072b2", opacity: 0.45 },
    { x: starts, y: sizes, style: "points", color: "#0072b2", label: `accepted: ${accepted}` },
  ];
  if (rejected > 0) {
    series.push({
      x: refused.map(({ t }) => t),
      y: refused.map(({ h }) => Math.abs(h)),
      style: "crosses",
      color: "#d55e00",
      label: `rejected: ${rejected}${refused.length === 0 ? " (not recorded)" : ""}`,
    });
  }
  return { series, xLabel: "t", yLabel: "step size h", yScale: "log" };
}

/** Draws a solution. Throws `invalid` where an option or the solution cannot be used. */
export function plot(solution: PlottableSolution, options: PlotOptions = {}): Plot {
  checkOptions("plot", options, ["kind", "components", "labels", "at", "title", "width", "height"]);
  const { kind = "time", title, width, height } = options;
  if (typeof solution?.ts?.length !== "number" || typeof solution.ys?.length !== "number") {
    throw invalid("solution", solution, "what solve() returns (await it where the field is asynchronous)");
  }
  const rows = solution.ts.length;
  const stateLength = rows === 0 ? 0 : solution.ys.length / rows;
  if (!Number.isInteger(stateLength) || stateLength === 0) {
    throw invalid("solution.ys", solution.ys, `a state for each of the ${rows} times of solution.ts`);
  }
  const size = { title, width, height };
  if (kind === "time") return chart({ ...timeSeries(solution, stateLength, options), ...size });
  if (kind === "phase") {
    // Nearly square: neither of the two components is the more important one.
    const square = { title, width: width ?? 520, height: height ?? 480 };
    return chart({ ...phasePortrait(solution, stateLength, options), ...square });
  }
  if (kind === "steps") return chart({ ...stepSizes(solution), ...size });
  throw invalid("kind", kind, '"time", "phase" or "steps"');
}
