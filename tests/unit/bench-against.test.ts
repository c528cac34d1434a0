// The comparison of two builds: which builds and benchmarks can be compared, where a build keeps its modules, rows and refusals.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cellsOf,
  checkAgreement,
  type Measured,
  type Refusal,
  type RunResult,
  refusalsOf,
  rowsOf,
  summary,
  unpaired,
} from "../../bench/against/rows.ts";
import { geometricMean, paired } from "../../bench/regression.ts";
import { race } from "../../bench/sampling.ts";
// @ts-expect-error: plain JavaScript, without types
import { comparable, distOf, entryIn, moduleIn, runsOf } from "../../scripts/against.mjs";

const run = (measured: Measured[], refusals: Refusal[] = []): RunResult => ({ measured, refusals });

describe("rows", () => {
  const step = { label: "a step", before: 100, now: 120 };

  it("have the shortest times of all runs, and the median of each run's ratio", () => {
    const [row] = rowsOf([run([step]), run([{ ...step, before: 80, now: 88 }]), run([{ ...step, now: 300 }])]);
    expect(row).toEqual({ label: "a step", before: 80, now: 88, ratio: 1.2, ratios: [1.2, 1.1, 3] });
    expect(cellsOf(row!)).toEqual(["a step", "80.0 ns", "88.0 ns", "1.20×", "1.20× 1.10× 3.00×"]);
  });

  it("are of the runs in which they were possible", () => {
    const rows = rowsOf([run([{ ...step, label: "first" }]), run([step])]);
    expect(rows.map(({ label, ratios }) => [label, ratios])).toEqual([
      ["first", [1.2]],
      ["a step", [1.2]],
    ]);
  });

  it("are named below the table where every run finds them slower", () => {
    const now = (label: string, ...times: number[]) => times.map((time) => ({ label, before: 100, now: time }));
    const [a, b] = [now("slow", 130, 120), now("once", 130, 110)];
    expect(summary(rowsOf([run([a[0]!, b[0]!]), run([a[1]!, b[1]!])]))).toEqual([
      "Above 1.15× in every run: slow (1.25×)",
      "Geometric mean of the ratios of 2 rows: 1.225×",
    ]);
    expect(summary([])[0]).toBe("No row is above 1.15× in every run.");
  });

  it("have a geometric mean, in which twice and half as long cancel", () => {
    expect(geometricMean([{ ratio: 2 }, { ratio: 0.5 }])).toBeCloseTo(1, 14);
    expect(geometricMean([{ ratio: 1 }, { ratio: 8 }, { ratio: 27 }])).toBeCloseTo(6, 13);
    expect(geometricMean([])).toBeNaN();
  });

  it("pair measurements by label; those of one build only are refused", () => {
    const list = (...labels: string[]) => labels.map((label) => ({ label }));
    const { pairs, missing, added } = paired(list("a", "gone", "b"), list("b", "new", "a"));
    expect(pairs.map((pair) => pair.map(({ label }) => label))).toEqual([
      ["b", "b"],
      ["a", "a"],
    ]);
    expect(unpaired(missing, added)).toEqual([
      { what: "gone", why: "only the build before has it" },
      { what: "new", why: "only the build now has it" },
    ]);
  });

  it("are refused once, whatever number of runs refuses them", () => {
    const refusal = { what: "a", why: "b" };
    expect(refusalsOf([run([], [refusal]), run([], [{ ...refusal }, { ...refusal, why: "c" }])])).toEqual([
      refusal,
      { what: "a", why: "c" },
    ]);
  });

  it("are refused where results differ by more than rounding", () => {
    expect(() => checkAgreement(1000, 1001)).not.toThrow();
    expect(() => checkAgreement(Number.NaN, 1)).not.toThrow(); // not comparable by results
    expect(() => checkAgreement(1000, 1003)).toThrow("the builds compute different results, 1000 and 1003");
  });
});

describe("sampling with a limit", () => {
  const counting = (name: string) => {
    const own = { name, count: 0, sample: (iterations: number) => 1e6 / iterations };
    return own;
  };

  it("begins no round after it, but the fewest", async () => {
    const [a, b] = [counting("a"), counting("b")];
    const timings = await race([a, b], { rounds: 30, milliseconds: 1, limit: 0 });
    expect(timings.map(({ samples }) => samples.length)).toEqual([11, 11]);
    expect((await race([a], { rounds: 30, milliseconds: 1 }))[0]!.samples).toHaveLength(30);
  });
});

describe("a build", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "odegrad-"));
    mkdirSync(join(folder, "package", "dist"), { recursive: true });
    mkdirSync(join(folder, "empty"));
    writeFileSync(join(folder, "package", "dist", "index.js"), "");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is a package folder with dist/, or a dist folder", () => {
    const dist = join(folder, "package", "dist");
    expect(distOf(join(folder, "package"))).toBe(dist);
    expect(distOf(dist)).toBe(dist);
  });

  it("is refused where it is neither", () => {
    expect(() => distOf(join(folder, "empty"))).toThrow(/package folder with dist\/.*holds neither dist\/index\.js/);
    expect(() => distOf(join(folder, "nowhere"))).toThrow(/nowhere does not exist/);
  });

  it("has its modules where they were then", () => {
    const files = ["wasm/dtype.js", "fields/mlp-layout.js", "train/index.js", "plot/index.js"];
    expect(moduleIn(files, "fields/mlp-layout.js")).toBe("fields/mlp-layout.js");
    expect(moduleIn(files, "base/dtype.js")).toBe("wasm/dtype.js");
    // Not to be guessed: the import fails, which says what is missing.
    expect(moduleIn(files, "fitting/index.js")).toBe("fitting/index.js");
  });

  it("has its entries where its package says", () => {
    const then = { exports: { ".": { default: "./dist/index.js" }, "./train": { default: "./dist/train/index.js" } } };
    expect(entryIn(then, "odegrad")).toBe("index.js");
    expect(entryIn(then, "odegrad/train")).toBe("train/index.js");
  });
});

describe("benchmarks", () => {
  const names = ["gpu", "kernels", "overhead"];
  const has = (name: string): boolean => name !== "gpu";

  it("are compared one by one, or the usual ones", () => {
    expect(comparable("kernels", names, has)).toEqual(["kernels"]);
    expect(comparable(undefined, names, has)).toEqual(["overhead", "gradients", "limits", "kernels"]);
  });

  it("are refused that measure nothing of odegrad alone, or do not exist", () => {
    for (const name of ["gpu", "speed"])
      expect(() => comparable(name, names, has)).toThrow(
        `benchmark "${name}" cannot be run --against a build; these can: kernels, overhead`,
      );
  });

  it("run twice, or as often as asked", () => {
    expect([runsOf(undefined, false), runsOf(undefined, true), runsOf("3", true)]).toEqual([2, 1, 3]);
    for (const wrong of ["0", "x", "1.5"]) expect(() => runsOf(wrong, false)).toThrow(`--runs is ${wrong}; allowed`);
  });
});
