// Mass matrices M of M dy/dt = f. Where M is singular, vectors n with nᵀM = 0 give the algebraic equations nᵀf = 0, which a
// start must satisfy.
import type { FloatArray } from "../base/dtype.ts";
import { invalid, SolveError } from "../base/errors.ts";
import type { Diagonal } from "../linear/diagonal.ts";

/** Below this fraction of the largest entry, what elimination leaves of a row is rounding. */
const SINGULAR = 1e-12;
/** A start is consistent if a change of this many tolerances of the state would make it so. */
const MOST_TOLERANCES = 10;
/** Newton's iterations for a consistent start, and the change, relative to the tolerances, that ends them. */
const MOST_ITERATIONS = 50;
const CONVERGED = 1e-3;

/** A mass matrix, row-major. */
export class Mass {
  readonly entries: Float64Array;
  readonly isDiagonal: boolean;
  private readonly n: number;
  /** Vectors n with nᵀM = 0, and the numbers of the state whose derivatives do not occur. */
  private readonly equations: readonly Float64Array[];
  private readonly unknowns: readonly number[];

  private constructor(entries: Float64Array, n: number, isDiagonal: boolean) {
    this.entries = entries;
    this.n = n;
    this.isDiagonal = isDiagonal;
    this.equations = leftNullVectors(entries, n);
    this.unknowns = Array.from({ length: n }, (_, j) => j).filter((j) => {
      for (let i = 0; i < n; i++) if (entries[i * n + j] !== 0) return false;
      return true;
    });
  }

  /** The mass matrix of a state of n numbers; throws "invalid". */
  static of(given: Diagonal | ArrayLike<number>, n: number): Mass {
    const isDiagonal = typeof given === "object" && given !== null && "diagonal" in given;
    const numbers = isDiagonal ? given.diagonal : given;
    const wanted = isDiagonal ? n : n * n;
    const isArray = typeof numbers === "object" && numbers !== null && "length" in numbers;
    if (!isArray || numbers.length !== wanted || !Array.prototype.every.call(numbers, Number.isFinite))
      throw invalid("mass", given, `diagonal([…]) of ${n} finite numbers, or ${n * n} of a matrix, row after row`);
    if (!isDiagonal) return new Mass(Float64Array.from(numbers), n, false);
    const entries = new Float64Array(n * n);
    for (let i = 0; i < n; i++) entries[i * (n + 1)] = numbers[i]!;
    return new Mass(entries, n, true);
  }

  get isSingular(): boolean {
    return this.equations.length > 0;
  }

  /** The entries of blocks of `width` along the diagonal, one after the other. */
  blocks(width: number): Float64Array {
    const { entries, n } = this;
    const blocks = new Float64Array(n * width);
    for (let i = 0; i < n; i++) {
      const first = i - (i % width);
      for (let j = 0; j < width; j++) blocks[i * width + j] = entries[i * n + first + j]!;
    }
    return blocks;
  }

  /**
   * Throws "inconsistent" where the algebraic equations do not hold at the start: f and J there, J row-major, and the errors
   * that the numbers of the state may have.
   */
  check(t: number, f: ArrayLike<number>, J: ArrayLike<number>, tolerances: ArrayLike<number>): void {
    const { n } = this;
    for (const equation of this.equations) {
      let residual = 0;
      let allowed = 0;
      for (let i = 0; i < n; i++) residual += equation[i]! * f[i]!;
      for (let j = 0; j < n; j++) {
        let slope = 0;
        for (let i = 0; i < n; i++) slope += equation[i]! * J[i * n + j]!;
        allowed += Math.abs(slope) * tolerances[j]!;
      }
      if (Math.abs(residual) <= MOST_TOLERANCES * allowed) continue;
      const row = equation.indexOf(1);
      throw new SolveError(
        "inconsistent",
        `the state at t = ${t} does not satisfy the algebraic equation ${row} of the mass matrix: its residual is ${residual}, where ` +
          `${MOST_TOLERANCES * allowed} is allowed. Correct y0, or the effect of an event there, or pass consistent: "solve", which changes numbers of y0 whose ` +
          "derivatives do not occur",
        { t },
      );
    }
  }

  /** Refuses "solve" for matrices whose algebraic unknowns are not numbers of the state themselves. */
  checkSolvable(): void {
    if (this.unknowns.length === this.equations.length) return;
    throw invalid(
      "consistent",
      "solve",
      `"check" for a mass matrix with ${this.equations.length} algebraic equations and ${this.unknowns.length} columns of zeros, which should be as many`,
    );
  }

  /**
   * Makes y satisfy the algebraic equations, by Newton's method; `linearise` fills f and J, row-major, at y. Throws
   * "inconsistent" where that fails.
   */
  solveStart(
    t: number,
    y: FloatArray,
    tolerances: () => ArrayLike<number>,
    linearise: () => { readonly f: ArrayLike<number>; readonly J: ArrayLike<number> },
  ): void {
    const { n, unknowns, equations } = this;
    const m = unknowns.length;
    for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
      const { f, J } = linearise();
      const system = equations.map((equation) => [
        ...unknowns.map((j) => equation.reduce((sum, value, i) => sum + value * J[i * n + j]!, 0)),
        -equation.reduce((sum, value, i) => sum + value * f[i]!, 0),
      ]);
      const change = eliminate(system, m);
      if (!change) break;
      const allowed = tolerances();
      let size = 0;
      unknowns.forEach((j, k) => {
        y[j]! += change[k]!;
        size = Math.max(size, Math.abs(change[k]!) / allowed[j]!);
      });
      if (size < CONVERGED) return;
    }
    throw new SolveError(
      "inconsistent",
      `no consistent start was found at t = ${t}: Newton's method for the numbers ${unknowns.join(", ")} of y0 did not converge. Try a ` +
        "y0 that is nearer, or check that the problem has index 1",
      { t },
    );
  }
}

/** Vectors n with nᵀM = 0, each with a 1 in a place where the others have 0: elimination of rows with complete pivoting. */
function leftNullVectors(entries: Float64Array, n: number): Float64Array[] {
  const rows = Array.from({ length: n }, (_, i) => ({
    left: entries.slice(i * n, (i + 1) * n),
    combination: Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)),
  }));
  const largest = entries.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let rank = 0;
  for (; rank < n; rank++) {
    let [best, row, column] = [0, -1, -1];
    for (let i = rank; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const size = Math.abs(rows[i]!.left[j]!);
        if (size > best) [best, row, column] = [size, i, j];
      }
    }
    if (!(best > SINGULAR * largest)) break;
    [rows[rank], rows[row]] = [rows[row]!, rows[rank]!];
    const pivot = rows[rank]!;
    for (let i = rank + 1; i < n; i++) {
      const factor = rows[i]!.left[column]! / pivot.left[column]!;
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) {
        rows[i]!.left[j]! -= factor * pivot.left[j]!;
        rows[i]!.combination[j]! -= factor * pivot.combination[j]!;
      }
      rows[i]!.left[column] = 0;
    }
  }
  return rows.slice(rank).map(({ combination }) => combination);
}

/** The solution of m equations, each its coefficients and its right side; undefined where they are singular. */
function eliminate(system: number[][], m: number): number[] | undefined {
  for (let k = 0; k < m; k++) {
    let best = k;
    for (let i = k + 1; i < m; i++) if (Math.abs(system[i]![k]!) > Math.abs(system[best]![k]!)) best = i;
    [system[k], system[best]] = [system[best]!, system[k]!];
    const own = system[k]!;
    if (!(Math.abs(own[k]!) > 0)) return undefined;
    for (let i = 0; i < m; i++) {
      if (i === k) continue;
      const factor = system[i]![k]! / own[k]!;
      for (let j = k; j <= m; j++) system[i]![j]! -= factor * own[j]!;
    }
  }
  return system.map((row, k) => row[m]! / row[k]!);
}
