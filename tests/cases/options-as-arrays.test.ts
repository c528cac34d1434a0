// Options given as an array, or with names that mean nothing: refused, whoever takes them.

import { chart, plot } from "odegrad/plot";
import { threads } from "odegrad/threads";
import { adam } from "odegrad/train";
import { describe, expect, it } from "vitest";
import * as odegrad from "../../ts/index.ts";
import { failureOf, rejectionOf } from "../unit/errors.ts";
import { decay } from "./systems.ts";

const differentiable = odegrad.mlp({ layers: [1, 1], dtype: "float64" });
const solution = odegrad.solve(differentiable, { y0: [1], ts: [0, 1], adjoint: odegrad.symplectic() });
// Each function with options, called with them.
const takers: Record<string, (options: never) => unknown> = {
  solve: (options) => odegrad.solve(decay, options),
  mlp: (options) => odegrad.mlp(options),
  vectorField: (options) => odegrad.vectorField(options),
  pid: (options) => odegrad.pid(options),
  integral: (options) => odegrad.integral(options),
  continuous: (options) => odegrad.continuous(options),
  checkpointed: (options) => odegrad.checkpointed(options),
  auto: (options) => odegrad.auto(options),
  reverse: (options) => odegrad.reverse(options),
  reversible: (options) => odegrad.reversible(odegrad.tsit5, options),
  pullback: (options) => solution.pullback([1, 1], options),
  adam: (options) => adam(options),
  threads: (options) => threads(options),
  plot: (options) => plot(solution, options),
  chart: (options) => chart(options),
};

describe("III.A12: options given as an array", () => {
  it("III.A12: solve(field, [0, 1], [30, 4]), the order of SciPy", async () => {
    const call = odegrad.solve as unknown as (...all: unknown[]) => unknown;
    const failure = await rejectionOf(Promise.resolve().then(() => call(decay, [0, 1], [30, 4])));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toMatch(/^options is \[0, 1\]; allowed: one object, \{ y0, ts, .*\}, not an array$/);
  });

  it.each(Object.entries(takers))("III.A12: %s, and what is no object", async (name, take) => {
    for (const value of [[2], new Float64Array(2), null, "rtol", 3]) {
      const failure = await rejectionOf(Promise.resolve().then(() => take(value as never)));
      expect(failure.code).toBe("invalid");
      expect(failure.message).toContain(`${name === "solve" ? "" : `${name} `}options is `);
      expect(failure.message.includes("not an array")).toBe(typeof value === "object" && value !== null);
    }
  });

  // A saved network has keys of its own, which mlp reads past.
  it.each(Object.entries(takers).filter(([name]) => name !== "mlp"))(
    "%s: a name that means nothing",
    async (_, take) => {
      const failure = await rejectionOf(Promise.resolve().then(() => take({ rtoll: 1 } as never)));
      expect(failure.code).toBe("invalid");
      expect(failure.message).toMatch(/option rtoll is 1; allowed: \w+/);
    },
  );

  it.each<[string, () => unknown]>([
    ["continuous, solver", () => odegrad.continuous({ solver: null as never })],
    ["continuous, quadrature", () => odegrad.continuous({ quadrature: "no" as never })],
    ["reverse, budget", () => odegrad.reverse({ budget: "100" as never })],
    ["reversible, segment", () => odegrad.reversible(odegrad.tsit5, { coupling: "auto", segment: "120" as never })],
    ["checkpointed, checkpoints", () => odegrad.checkpointed({ checkpoints: null as never })],
    ["auto, budget", () => odegrad.auto({ budget: null as never })],
  ])("%s of another type", (name, run) => {
    const failure = failureOf(run);
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain(`${name.replace(", ", " option ")} is `);
  });
});
