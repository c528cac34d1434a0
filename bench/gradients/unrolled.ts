// The unrolled gradient of RK4 × 20 steps, odegrad against every other way of computing it in JavaScript, in one run.
import { duration, printTable, times, type Verdict } from "../report.ts";
import { contestant, race } from "../sampling.ts";
import { distance } from "./problems.ts";
import { rivalsFor } from "./rivals.ts";
import { BATCHES, problem } from "./unrolled-measurements.ts";
import { STEPS, WIDTHS } from "./unrolled-problem.ts";

/** How many times faster than jax-js odegrad is to be at each batch. */
const WANTED: Readonly<Record<number, number>> = { 1: 10, 64: 4, 512: 2 };

export interface UnrolledRow {
  readonly batch: number;
  readonly name: string;
  readonly nanoseconds: number;
  readonly compileMs: number | undefined;
  /** Against odegrad. */
  readonly ratio: number;
}

export async function compareUnrolled(quick: boolean): Promise<{ rows: UnrolledRow[]; verdicts: Verdict[] }> {
  const rows: UnrolledRow[] = [];
  const verdicts: Verdict[] = [];
  for (const batch of BATCHES) {
    const { rivals, absent } = await rivalsFor(problem(batch));
    for (const reason of absent) console.warn(reason);
    const [own] = rivals;
    const exact = own!.gradient().slice();
    for (const rival of rivals) {
      const off = distance(rival.gradient(), exact);
      if (!(off < 1e-4)) throw new Error(`${rival.name}: its gradient is off by ${off}`);
    }
    const timings = await race(
      rivals.map(({ name, run }) => contestant(name, run)),
      { rounds: quick ? 3 : 11, milliseconds: quick ? 2 : 20 },
    );
    const found = timings.map(({ name, minimum }, i) => ({
      batch,
      name,
      nanoseconds: minimum,
      compileMs: rivals[i]!.compileMs,
      ratio: minimum / timings[0]!.minimum,
    }));
    rows.push(...found);
    const jax = found.find(({ name }) => name.startsWith("jax-js"));
    const claim = `RK4 × ${STEPS} gradient ≥ ${WANTED[batch]}× faster than jax-js at batch ${batch}`;
    if (jax) verdicts.push({ claim, figure: times(jax.ratio), holds: jax.ratio >= WANTED[batch]! });
    else verdicts.push({ claim, figure: "jax-js does not run here", holds: false });
  }
  printTable(
    `Forward and gradient of RK4 × ${STEPS} steps of ${WIDTHS.join(" → ")}, float32, loss mean y(1)², one thread`,
    ["", "batch", "time", "against odegrad", "compilation"],
    rows.map(({ name, batch, nanoseconds, ratio, compileMs }) => [
      name,
      String(batch),
      duration(nanoseconds),
      times(ratio),
      compileMs === undefined ? "" : duration(compileMs * 1e6),
    ]),
  );
  return { rows, verdicts };
}
