// Charts: lines and points over two axes, as SVG.
import { checkOptions, invalid } from "../base/errors.ts";
import { drawAxes } from "./axes.ts";
import { CHART_OPTIONS, type ChartOptions, SERIES_STYLES, type Series } from "./chart-options.ts";
import { type Frame, isUpright, LABEL_SIZE, layOut, MARGIN, TITLE_SIZE, titleHeight } from "./layout.ts";
import { drawLegend, layOutLegend } from "./legend.ts";
import { drawMark, type Mark } from "./marks.ts";
import { element, escapeText } from "./markup.ts";
import { SERIES_COLORS, TEXT_COLOR } from "./palette.ts";
import { Plot } from "./picture.ts";
import { isShown, isWide } from "./ticks.ts";

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

const namesOf = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(", ");

function checkSeries({ x, y, style = "line", opacity = 1 }: Series, name: string): void {
  if (typeof x?.length !== "number") throw invalid(`${name}.x`, x, "an array of numbers");
  if (y?.length !== x.length) throw invalid(`${name}.y`, y, `as many numbers as ${name}.x has, ${x.length}`);
  if (!SERIES_STYLES.includes(style)) throw invalid(`${name}.style`, style, namesOf(SERIES_STYLES));
  if (!(opacity >= 0 && opacity <= 1)) throw invalid(`${name}.opacity`, opacity, "a number from 0 to 1");
}

function checkAxis(options: ChartOptions, axis: "x" | "y"): void {
  const scale = options[`${axis}Scale`] ?? "linear";
  if (scale !== "linear" && scale !== "log") throw invalid(`${axis}Scale`, scale, namesOf(["linear", "log"]));
  const range = options[`${axis}Range`];
  if (!range || (range.length === 2 && range.every((end) => isShown(end, scale)) && isWide(range[0], range[1]))) return;
  throw invalid(`${axis}Range`, range, `[low, high] with low < high${scale === "log" ? ", both positive" : ""}`);
}

function checkSize(option: string, value: number, smallest: number): void {
  if (!(value >= smallest && value <= 1e4))
    throw invalid(option, value, `a number of pixels from ${smallest} to 10000`);
}

/** The texts around the plotting area. */
function drawTexts(
  { title, xLabel, yLabel }: ChartOptions,
  { left, right, top, bottom }: Frame,
  height: number,
): string {
  const middle = (top + bottom) / 2;
  const centred = { "text-anchor": "middle", "font-size": LABEL_SIZE };
  let texts = "";
  if (title) {
    const font = { "font-size": TITLE_SIZE, "font-weight": "600" };
    texts += element("text", { x: MARGIN, y: MARGIN + TITLE_SIZE - 2, ...font }, escapeText(title));
  }
  if (xLabel) texts += element("text", { x: (left + right) / 2, y: height - 10, ...centred }, escapeText(xLabel));
  if (yLabel && isUpright(yLabel)) {
    texts += element("text", { x: MARGIN, y: middle + 4, "font-size": LABEL_SIZE }, escapeText(yLabel));
  } else if (yLabel) {
    const turned = `translate(${MARGIN + 11} ${Math.round(middle)}) rotate(-90)`;
    texts += element("text", { transform: turned, ...centred }, escapeText(yLabel));
  }
  return texts;
}

/** A nested svg in the same coordinates cuts off what lies outside; a clipPath would need an id. */
function cutToFrame({ left, right, top, bottom }: Frame, drawn: string): string {
  const size = { x: left, y: top, width: right - left, height: bottom - top };
  const viewBox = [left, top, size.width, size.height].map((value) => value.toFixed(2)).join(" ");
  return element("svg", { ...size, viewBox, overflow: "hidden" }, drawn);
}

/** Draws series over two axes. Throws `invalid` where an option cannot be used. */
export function chart(options: ChartOptions): Plot {
  checkOptions("chart", options, CHART_OPTIONS);
  const { series, title, xLabel, yLabel, width = 640, height = 400 } = options;
  if (!Array.isArray(series)) throw invalid("series", series, "an array of { x, y, label, style }");
  for (let i = 0; i < series.length; i++) checkSeries(series[i], `series[${i}]`);
  checkAxis(options, "x");
  checkAxis(options, "y");
  checkSize("width", width, 160);
  checkSize("height", height, 120);

  const marks = (series as readonly Series[]).map(
    ({ x, y, label, style = "line", color, opacity = 1 }, i): Mark => ({
      x,
      y,
      label,
      style,
      color: color ?? SERIES_COLORS[i % SERIES_COLORS.length],
      opacity,
    }),
  );
  const legend = layOutLegend(marks, width - 2 * MARGIN);
  const frame = layOut(options, width, height, legend.height);
  const drawn = marks.map((mark) => drawMark(mark, frame)).join("");
  const isCut = options.xRange !== undefined || options.yRange !== undefined;
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": title || [yLabel, xLabel].filter(Boolean).join(" over ") || "chart",
      "font-family": FONT,
      fill: TEXT_COLOR,
    },
    drawTexts(options, frame, height),
    drawLegend(legend, MARGIN, MARGIN + titleHeight(title)),
    drawAxes(frame),
    isCut ? cutToFrame(frame, drawn) : drawn,
  );
  return new Plot(svg, width, height);
}
