// Which c states to keep so that n steps can be walked backwards with the fewest steps run again. Where n is known,
// binomial placement (Griewank 1992; Griewank & Walther 2000, "Algorithm 799: revolve"); else the dynamic placement of
// Wang, Moin & Iaccarino 2009.

/**
 * The least r for which n ≤ C(c + r, c): how often a step must be run again, at most, to reverse n steps from c states,
 * the one at the start included. With it C(c + r, c).
 */
function repetitions(n: number, c: number): { r: number; reach: number } {
  if (c === 1) return { r: Math.max(1, n - 1), reach: Math.max(2, n) };
  let r = 1;
  let reach = c + 1;
  while (reach < n) {
    r++;
    reach = (reach * (c + r)) / r;
  }
  return { r, reach };
}

/**
 * T(n, c) = r n − C(c + r, r − 1): the fewest plain steps that reverse n steps from c states, the one at the start
 * included. A plain step only advances the state; the run of a step that is differentiated then is not counted.
 * T(n, c) is the minimum over m of m + T(n − m, c − 1) + T(m, c) (Griewank 1992).
 */
export function plainSteps(n: number, c: number): number {
  if (n <= 1) return 0;
  const { r, reach } = repetitions(n, c);
  return r * n - (reach * r) / (c + 1);
}

/**
 * How many plain steps to take, of n > 1 to be reversed from c states, before the next state is kept: the largest m that
 * attains the minimum. The largest, because the first plain steps are those of the forward pass, which come for free: no
 * other placement leaves fewer to the backward pass.
 */
export function advance(n: number, c: number): number {
  if (c === 1) return n - 1;
  const { r, reach } = repetitions(n, c);
  // At most C(c + r − 1, c) steps before it, at least C(c + r − 2, c − 1) behind.
  const before = (reach * r) / (c + r);
  const behind = (before * c) / (c + r - 1);
  return Math.max(1, Math.min(before, n - behind));
}

/** The steps, of n, whose start states a forward pass keeps: 0 first, c at most. */
export function placement(n: number, c: number): number[] {
  const positions = [0];
  for (let at = 0; positions.length < c && n - at > 1; positions.push(at))
    at += advance(n - at, c - positions.length + 1);
  return positions;
}

/** The first `count` of the states kept, and the plain steps that a backward pass from them takes. */
interface Start {
  readonly count: number;
  readonly plain: number;
}

/**
 * With how many of the states kept at `positions` (increasing, 0 first, c at most) a backward pass over n steps best
 * starts: it forgets the others, whose room goes to states on the way. Never more than T(n, c) plain steps, what the first
 * state alone takes.
 */
export function bestStart(positions: readonly number[], n: number, c: number): Start {
  let best: Start = { count: 1, plain: plainSteps(n, c) };
  let between = 0;
  for (let j = 1; j < positions.length; j++) {
    between += plainSteps(positions[j]! - positions[j - 1]!, c - j + 1);
    const plain = between + plainSteps(n - positions[j]!, c - j);
    if (plain <= best.plain) best = { count: j + 1, plain };
  }
  return best;
}

/** Keep nothing. */
export const SKIP = -2;
/** Keep the state, for which there is room. */
export const KEEP = -1;

/** Says before each step of a forward pass in turn what to do with its state: SKIP, KEEP, or which kept one to replace. */
export interface Placement {
  next(): number;
}

/** The optimal placement for n steps. */
export function knownLength(n: number, c: number): Placement {
  const wanted = new Set(placement(n, c));
  let step = 0;
  return { next: () => (wanted.has(step++) ? KEEP : SKIP) };
}

/**
 * Placement while n is unknown (Wang, Moin & Iaccarino 2009, "Minimal repetition dynamic checkpointing algorithm for
 * unsteady adjoint calculation"). Every state is kept, at level 0. Without room it replaces a state that has a later
 * one of higher level; if there is none, it replaces the last state and takes its level plus 1. However many steps
 * follow, none is run again more often than the least possible r.
 */
export function unknownLength(c: number): Placement {
  const levels: number[] = [];
  // The last state whose level was raised: states of lower level before it can be given up.
  let raised = 0;
  return {
    next() {
      const last = levels.length - 1;
      if (levels.length < c) {
        levels.push(last < 0 ? Number.POSITIVE_INFINITY : 0);
        return KEEP;
      }
      if (c === 1) return SKIP;
      if (raised > 0 && levels[raised - 1]! < levels[raised]!) {
        levels.splice(--raised, 1);
        levels.push(0);
        return raised;
      }
      levels[last]!++;
      raised = last;
      return last;
    },
  };
}
