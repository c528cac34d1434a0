// The claims about solvers, as figures.
import { times, type Verdict } from "../report.ts";
import { timeToReach } from "./curve.ts";
import type { Curve } from "./measure.ts";
import type { Problem } from "./problems.ts";

export interface Result {
  readonly problem: Problem;
  readonly curves: readonly Curve[];
}

const LARGE = 1000;

interface Reached {
  readonly name: string;
  readonly time: number;
}

/** The fastest of some curves to an error; undefined where none gets there. */
export function fastest(curves: readonly Curve[], error: number): Reached | undefined {
  const reached = curves.map(({ name, points }) => ({ name, time: timeToReach(points, error) }));
  return reached.filter(({ time }) => time > 0).sort((a, b) => a.time - b.time)[0];
}

/** odegrad's best against the best peer, whatever their methods. */
function againstPeers({ problem, curves }: Result, error: number): Verdict[] {
  const own = fastest(
    curves.filter(({ family }) => family === "odegrad"),
    error,
  );
  const peer = fastest(
    curves.filter(({ family }) => family === "js"),
    error,
  );
  const wanted = problem.y0.length >= LARGE ? 3 : 1.5;
  const claim = `${problem.title}: ≥ ${wanted}× faster than the best JavaScript peer to error ${error}`;
  if (!peer) return [{ claim, figure: own ? "no peer gets there" : "nobody gets there", holds: own !== undefined }];
  if (!own) return [{ claim, figure: `only ${peer.name} gets there`, holds: false }];
  const faster = peer.time / own.time;
  return [{ claim, figure: `${times(faster)} (${own.name} against ${peer.name})`, holds: faster >= wanted }];
}

/** The same method in a peer: never slower than 1.1×. */
function sameMethod({ problem, curves }: Result, error: number): Verdict[] {
  return curves
    .filter(({ family }) => family === "odegrad")
    .flatMap(({ method, points, name }) => {
      const peer = fastest(
        curves.filter((curve) => curve.family === "js" && curve.method === method),
        error,
      );
      const time = timeToReach(points, error);
      if (!peer || !(time > 0)) return [];
      const slower = time / peer.time;
      const claim = `${problem.title}: ${name} takes ≤ 1.1× the time of ${peer.name} to error ${error}`;
      return [{ claim, figure: times(slower), holds: slower <= 1.1 }];
    });
}

/** The same algorithm in C++ at the same tolerance. */
function againstNative({ problem, curves }: Result): Verdict[] {
  const wanted = problem.name === "lorenz" ? 3 : problem.y0.length >= LARGE ? 2 : undefined;
  if (wanted === undefined) return [];
  const at = (family: Curve["family"], rung: number): number | undefined =>
    curves
      .find((curve) => curve.family === family && curve.method === "dopri5")
      ?.points.find((point) => point.rung === rung)?.time;
  const [own, native] = [at("odegrad", 1e-6), at("native", 1e-6)];
  if (own === undefined || native === undefined) return [];
  const claim = `${problem.title}: dopri5 with a JavaScript field within ${wanted}× of C++ at tolerance 1e-6`;
  return [{ claim, figure: times(own / native), holds: own / native <= wanted }];
}

export function verdictsOf(results: readonly Result[]): Verdict[] {
  return [
    ...results.flatMap((result) => [1e-6, 1e-9].flatMap((error) => againstPeers(result, error))),
    ...results.flatMap((result) => sameMethod(result, 1e-6)),
    ...results.flatMap(againstNative),
  ];
}
