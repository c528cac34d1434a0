// A live loop: what steps() costs beside solve over the same steps, and whether it keeps anything of many.
import { dopri5, solve, steps } from "odegrad";
import { number, printTable, times, type Verdict } from "../report.ts";
import { contestant, race } from "../sampling.ts";
import { ATOL, RTOL } from "./measurements.ts";
import { lorenz } from "./problems.ts";

const END = 20;
const MANY = 1e7;
const { y0, field } = lorenz;
const options = (end: number) => ({ y0: [...y0], ts: [0, end], solver: dopri5, rtol: RTOL, atol: ATOL });

/** What a page draws last. */
export const drawn = { t: 0, x: 0 };

function loop(end: number): number {
  let tried = 0;
  for (const { t, y, stats } of steps(field, options(end))) {
    drawn.t = t;
    drawn.x = y[0]!;
    tried = stats.steps;
  }
  return tried;
}

/** Bytes of arrays that are still there after many steps and were not after few. */
function growth(): number {
  let n = 0;
  let few = 0;
  for (const _ of steps(field, options(Number.POSITIVE_INFINITY))) {
    if (++n === MANY / 1000) few = process.memoryUsage().arrayBuffers;
    if (n === MANY) break;
  }
  return process.memoryUsage().arrayBuffers - few;
}

export async function compareLive(): Promise<Verdict[]> {
  const whole = () => solve(field, options(END)).stats.steps;
  const tried = whole();
  if (loop(END) !== tried) throw new Error("steps() does not take the steps of solve");
  const [own, live] = await race([contestant("solve", whole), contestant("steps", () => loop(END))], {
    rounds: 601,
    milliseconds: 1,
  });
  printTable(
    `a live loop: Lorenz, t = 0 … ${END}`,
    ["", "ns a step, median", "ratio", "shortest", "ratio"],
    [own!, live!].map(({ name, median, minimum }) => [
      name,
      number(median / tried),
      times(median / own!.median),
      number(minimum / tried),
      times(minimum / own!.minimum),
    ]),
  );
  const kept = growth();
  const [byMedian, byShortest] = [live!.median / own!.median, live!.minimum / own!.minimum];
  return [
    {
      claim: "a Lorenz live loop through steps() within 1.7× of solve, a step",
      figure: `${times(byMedian)} by medians, ${times(byShortest)} by the shortest samples`,
      holds: byShortest <= 1.7,
    },
    {
      claim: "10⁷ steps in flat memory",
      figure: `${(kept / 1e6).toFixed(2)} MB more in arrays than after 10⁴`,
      holds: kept < 1e6,
    },
  ];
}
