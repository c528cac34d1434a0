// The kernels of the network, at every batch.
import { recordedBuild } from "../kernels/recorded.ts";
import type { Measurements } from "../measurement.ts";
import { partsOf } from "./network.ts";
import { allowRelaxedSimd } from "./relaxed.ts";
import { BATCHES } from "./work.ts";

export const measurements: Measurements = () => {
  allowRelaxedSimd();
  const build = recordedBuild();
  return BATCHES.flatMap((batch) =>
    partsOf(build, batch).map(({ contestant: { name } }, i) => {
      // All parts of all batches share the memory.
      return { label: `${name}, batch ${batch}`, make: () => partsOf(build, batch)[i]! };
    }),
  );
};
