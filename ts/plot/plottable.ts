// What a picture needs of a solution, so that this room knows no solver.

/** What a picture needs of a solution. */
export interface PlottableSolution {
  /** Times of output. */
  readonly ts: ArrayLike<number>;
  /** Row-major, `ts.length × state`. */
  readonly ys: ArrayLike<number>;
  /** The accepted step times. */
  readonly grid?: ArrayLike<number> | undefined;
  /** Counts. */
  readonly stats?: { readonly rejected?: number | undefined } | undefined;
  /** The rejected attempts: where they started and their step. */
  readonly rejections?: ArrayLike<{ readonly t: number; readonly h: number }> | undefined;
  /** The state at any time; throws where the solution keeps no interpolants. */
  at?(t: number): ArrayLike<number>;
}
