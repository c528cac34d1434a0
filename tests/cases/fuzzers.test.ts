// A short run of every fuzzer, and what a fuzzer does with a failure.
import { describe, expect, it } from "vitest";
import { FUZZERS } from "../fuzz/fuzzers.ts";
import { type Draw, type Property, property, shorter, tryOne } from "../fuzz/property.ts";

/** How many inputs of each property are tried here; `npm run fuzz` tries as many as one likes. */
const SEEDS: Readonly<Record<string, number>> = { events: 15, gradients: 60, options: 100 };

describe.each(Object.entries(FUZZERS))("fuzz %s", (fuzzer, properties) => {
  it.each(properties.map((one) => [one.name, one] as const))("%s", (_, one) => {
    for (let seed = 1; seed <= SEEDS[fuzzer]!; seed++) expect(tryOne(one, seed)).toBeUndefined();
  });
});

describe("a failure", () => {
  const sorted: Property<readonly number[]> = {
    name: "no number above 900",
    draw: (random: Draw) => random.many(5, 30, () => random.integer(0, 1000)),
    wrong: (list) => (list.some((n) => n > 900) ? `${Math.max(...list)} is above` : undefined),
    *simpler(list) {
      yield* shorter(list);
      for (const [i, n] of list.entries()) if (n > 0) yield list.map((m, j) => (i === j ? n - 1 : m));
    },
  };

  it("comes with its seed and the simplest input found", () => {
    const failures = Array.from({ length: 20 }, (_, seed) => tryOne(property(sorted), seed)).filter(Boolean);
    expect(failures.length).toBeGreaterThan(5);
    for (const failure of failures) {
      expect(failure!.input).toEqual([901]);
      expect(tryOne(property(sorted), failure!.seed)).toEqual(failure);
    }
  });

  it("may be an exception", () => {
    const throwing = { ...sorted, wrong: () => expect.unreachable("as it is") };
    expect(tryOne(property(throwing), 1)!.wrong).toContain("as it is");
  });
});
