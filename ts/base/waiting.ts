// Every algorithm here is a generator that yields only where a field returned a promise. `drive` runs one: to its end at
// once where nothing was pending, as a promise otherwise. So nothing is written twice.

import { SolveError } from "./errors.ts";

/** A pending result where a computation takes time, the result itself where it does not. */
export type Awaitable<T> = T | Promise<T>;

/** A computation that may wait: it yields the promises it needs and is resumed with their results. */
export type Waiting<T> = Generator<Promise<unknown>, T, unknown>;

/** Waits for a value that may be pending. */
export function* wait<T>(value: Awaitable<T>): Waiting<T> {
  return value instanceof Promise ? ((yield value) as T) : value;
}

/** Runs to the end; returns the result, or a promise of it from the first pending field evaluation on. */
export function drive<T>(run: Waiting<T>, signal?: AbortSignal): Awaitable<T> {
  const step = run.next();
  return step.done ? step.value : driveAsync(run, step.value, signal);
}

async function driveAsync<T>(run: Waiting<T>, first: Promise<unknown>, signal: AbortSignal | undefined): Promise<T> {
  const abort = abortion(signal);
  try {
    let pending = first;
    for (;;) {
      let step: IteratorResult<Promise<unknown>, T>;
      try {
        step = run.next(await Promise.race(abort ? [pending, abort.promise] : [pending]));
      } catch (error) {
        // The generator sees the failure where it waits, so its `finally` gives the memory back.
        step = run.throw(error);
      }
      if (step.done) return step.value;
      pending = step.value;
    }
  } finally {
    abort?.stop();
  }
}

/** A promise that rejects when the signal fires, so that a field that never answers cannot hold a solve. */
function abortion(signal: AbortSignal | undefined): { promise: Promise<never>; stop: () => void } | undefined {
  if (!signal) return undefined;
  let stop = (): void => {};
  const promise = new Promise<never>((_, reject) => {
    const fire = (): void => reject(aborted(signal, Number.NaN, Number.NaN));
    if (signal.aborted) fire();
    signal.addEventListener("abort", fire);
    stop = () => signal.removeEventListener("abort", fire);
  });
  promise.catch(() => {});
  return { promise, stop: () => stop() };
}

/** The error of an aborted signal at time t and step h. */
export function aborted(signal: AbortSignal, t: number, h: number): SolveError {
  const at = Number.isNaN(t) ? "while waiting for the field" : `at t = ${t}`;
  return new SolveError("aborted", `the solve was aborted ${at}: ${String(signal.reason)}`, {
    t,
    h,
    cause: signal.reason,
  });
}
