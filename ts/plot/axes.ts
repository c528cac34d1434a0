// Grid lines and their labels. The grid is faint and the axes are unframed: the curves are what is to be seen.
import { type Frame, TICK_SIZE } from "./layout.ts";
import { element, raised, short } from "./markup.ts";
import { LINE_COLOR } from "./palette.ts";
import type { Tick } from "./ticks.ts";

const MAJOR = 0.3;
const MINOR = 0.12;

/** Grid lines of one strength as one path. */
function lines(ticks: readonly Tick[], opacity: number, line: (value: number) => string): string {
  if (ticks.length === 0) return "";
  return element("path", { d: ticks.map(({ value }) => line(value)).join(""), "stroke-opacity": String(opacity) });
}

export function drawAxes({ left, right, top, bottom, xTicks, yTicks, x, y }: Frame): string {
  const vertical = (value: number) => `M${short(x(value))} ${short(top)}V${short(bottom)}`;
  const horizontal = (value: number) => `M${short(left)} ${short(y(value))}H${short(right)}`;
  const named = (tick: Tick) => tick.label !== "";
  const unnamed = (tick: Tick) => tick.label === "";
  const grid = element(
    "g",
    { stroke: LINE_COLOR, fill: "none" },
    lines(xTicks.filter(unnamed), MINOR, vertical),
    lines(yTicks.filter(unnamed), MINOR, horizontal),
    lines(xTicks.filter(named), MAJOR, vertical),
    lines(yTicks.filter(named), MAJOR, horizontal),
  );
  const label = (text: string, px: number, py: number) => element("text", { x: px, y: py }, raised(text));
  const below = xTicks.filter(named).map((tick) => label(tick.label, x(tick.value), bottom + 18));
  const beside = yTicks.filter(named).map((tick) => label(tick.label, left - 8, y(tick.value) + 4));
  const size = { "font-size": TICK_SIZE };
  return (
    grid +
    element("g", { ...size, "text-anchor": "middle" }, ...below) +
    element("g", { ...size, "text-anchor": "end" }, ...beside)
  );
}
