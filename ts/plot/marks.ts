// The marks of a series: a line, a dashed line, points or crosses, each series one path.
import type { SeriesStyle } from "./chart-options.ts";
import type { Frame } from "./layout.ts";
import { element, short } from "./markup.ts";
import { isShown } from "./ticks.ts";

/** A series with its looks settled. */
export interface Mark {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly label?: string | undefined;
  readonly style: SeriesStyle;
  readonly color: string;
  readonly opacity: number;
}

const POINT = 5;
const ARM = 3;
/** Points of a path nearer to each other than this, in pixels, are one: long solutions make no long files. */
const MERGE = 0.2;

/** A path through the marked places; gaps where there are none. */
function pathOf(mark: Mark, { x, y, xScale, yScale }: Frame): string {
  const joined = mark.style === "line" || mark.style === "dashed";
  let path = "";
  let open = false;
  let lastX = Number.NaN;
  let lastY = Number.NaN;
  for (let i = 0; i < mark.x.length; i++) {
    if (!isShown(mark.x[i], xScale) || !isShown(mark.y[i], yScale)) {
      open = false;
      continue;
    }
    const px = x(mark.x[i]);
    const py = y(mark.y[i]);
    const isNear = Math.abs(px - lastX) < MERGE && Math.abs(py - lastY) < MERGE;
    if (isNear && (open || !joined)) continue;
    const at = `${short(px)} ${short(py)}`;
    if (mark.style === "crosses") {
      path += `M${short(px - ARM)} ${short(py - ARM)}l${2 * ARM} ${2 * ARM}m0 ${-2 * ARM}l${-2 * ARM} ${2 * ARM}`;
    } else {
      // A line of no length with round ends is a dot: a point, or a value alone between two gaps.
      path += open && joined ? `L${at}` : `M${at}h0`;
    }
    open = true;
    lastX = px;
    lastY = py;
  }
  return path;
}

function strokeOf({ style, color, opacity }: Mark): Record<string, string | number | undefined> {
  return {
    fill: "none",
    stroke: color,
    "stroke-opacity": opacity === 1 ? undefined : opacity,
    "stroke-width": style === "points" ? POINT : style === "crosses" ? 1.6 : 2,
    "stroke-linecap": style === "dashed" ? "butt" : "round",
    "stroke-linejoin": "round",
    "stroke-dasharray": style === "dashed" ? "6 4" : undefined,
  };
}

/** The series as markup; nothing where no value of it can be shown. */
export function drawMark(mark: Mark, frame: Frame): string {
  const path = pathOf(mark, frame);
  return path === "" ? "" : element("path", { d: path, ...strokeOf(mark) });
}

/** A sample of the mark for the legend, 22 pixels wide, centred at the height `y`. */
export function drawSample(mark: Mark, x: number, y: number): string {
  const middle = x + 11;
  const path = {
    line: `M${short(x + 1)} ${short(y)}h20`,
    dashed: `M${short(x)} ${short(y)}h22`,
    points: `M${short(middle)} ${short(y)}h0`,
    crosses: `M${short(middle - ARM)} ${short(y - ARM)}l6 6m0 -6l-6 6`,
  }[mark.style];
  return element("path", { d: path, ...strokeOf({ ...mark, opacity: Math.max(0.5, mark.opacity) }) });
}
