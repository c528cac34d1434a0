// The kernels that odegrad chooses on this engine, in every precision and size.
import type { Measurements } from "../measurement.ts";
import { shortName } from "./inputs.ts";
import { recordedBuild } from "./recorded.ts";
import { subjects } from "./subjects.ts";

export const measurements: Measurements = () => {
  const builds = [recordedBuild()];
  return [...subjects({ builds, native: undefined })].map(({ kernel, dtype, size, make }) => ({
    label: `${kernel}, ${shortName(dtype)}, ${size}`,
    make() {
      // The first contestant is the build, whose result comes first.
      const { contestants, checksums } = make();
      return { contestant: contestants[0]!, checksum: () => checksums()[0]! };
    },
  }));
};
