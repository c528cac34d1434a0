// A case: one kernel, precision and size, and those who compute it.

import type { Dtype } from "../../ts/base/dtype.ts";
import type { Native } from "../native.ts";
import type { Contestant } from "../sampling.ts";
import type { Build } from "./builds.ts";
import { shortName } from "./inputs.ts";

export interface Case {
  /** Numbers of the result, for times an element. */
  readonly elements: number;
  readonly contestants: readonly Contestant[];
  /** Sums of the contestants' results, in their order, after at least one run; NaN where results differ by design. */
  checksums(): number[];
}

/** What the cases are made for. */
export interface Field {
  readonly builds: readonly Build[];
  readonly native: Native | undefined;
}

/** Plain JavaScript contestants have names that start so. */
export const JS = "js";
export const NATIVE = "native";

/** The native contestant of a case; `words` name it to bench/native/kernels.cpp. */
export function nativeContestant(
  native: Native,
  kernel: string,
  dtype: Dtype,
  ...words: (string | number)[]
): Contestant & { checksum: number } {
  const own = {
    name: NATIVE,
    checksum: Number.NaN,
    async sample(iterations: number): Promise<number> {
      const [nanoseconds, checksum] = await native.ask(kernel, shortName(dtype), ...words, iterations);
      own.checksum = checksum!;
      return nanoseconds!;
    },
  };
  return own;
}
