// A loop in registers, without memory or synchronisation in it, run whole on one thread and in equal parts on several.
import { type Partners, partners } from "./partners.ts";

/** xorshift, `n` times. */
function loop(n: number): void {
  let x = 1;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  if (x === 0) throw new Error("xorshift never reaches 0");
}

export interface EmptyLoop extends Partners {
  /** Runs the whole loop here. */
  alone(): void;
}

export async function emptyLoop(workers: number, iterations: number): Promise<EmptyLoop> {
  const part = Math.round(iterations / (workers + 1));
  const shared = await partners(workers, `() => (${loop})(${part})`, () => loop(part));
  return { ...shared, alone: () => loop(iterations) };
}
