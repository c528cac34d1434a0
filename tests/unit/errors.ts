// Expected failures, caught so that a test can look at them.
import { SolveError } from "../../ts/index.ts";

function asSolveError(error: unknown): SolveError {
  if (error instanceof SolveError) return error;
  throw new Error(`expected a SolveError, got ${String(error)}`, { cause: error });
}

/** The SolveError that `run` throws. */
export function failureOf(run: () => unknown): SolveError {
  try {
    run();
  } catch (error) {
    return asSolveError(error);
  }
  throw new Error("expected a SolveError, nothing was thrown");
}

/** The SolveError that a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<SolveError> {
  try {
    await promise;
  } catch (error) {
    return asSolveError(error);
  }
  throw new Error("expected a SolveError, the promise was fulfilled");
}
