// odegrad's methods on every problem, each at a coarse and a fine rung of its ladder.
import type { Measurements } from "../measurement.ts";
import { type Entrant, odegradEntrants, tolerances } from "./contestants.ts";
import { type Problem, problems } from "./problems.ts";

/** Tolerances of 1e-4 and 1e-8; the finer one takes longer. */
const [COARSE, FINE] = [4, 12];

/** Methods of fixed steps have one rung, the coarsest on which they stay finite. */
function rungsOf(entrant: Entrant, problem: Problem, quick: boolean): readonly number[] {
  const ladder = entrant.ladder(problem);
  if (entrant.ladder === tolerances) return (quick ? [COARSE] : [COARSE, FINE]).map((rung) => ladder[rung]!);
  const staysFinite = (rung: number): boolean => {
    try {
      entrant.enter(problem, rung).finalState();
      return true;
    } catch {
      return false;
    }
  };
  const coarsest = ladder.find(staysFinite);
  return coarsest === undefined ? [] : [coarsest];
}

export const measurements: Measurements = function* (quick) {
  for (const problem of problems) {
    for (const entrant of odegradEntrants()) {
      for (const rung of rungsOf(entrant, problem, quick)) {
        const label = `${problem.title}, ${entrant.method}, ${Number(rung.toPrecision(2))}`;
        yield { label, make: () => ({ contestant: entrant.enter(problem, rung).timed }) };
      }
    }
  }
};
