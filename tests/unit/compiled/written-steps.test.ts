// Steps written out as JavaScript take a compiled field's text in: the numbers of steps that call the field, to the bit.
import { describe, expect, it, vi } from "vitest";
import { compiled } from "../../../ts/compiled/index.ts";
import { backprop, type SolveOptions, solve, symplectic, tsit5 } from "../../../ts/index.ts";
import { writtenStep } from "../../../ts/program/written-step.ts";
import { mixed } from "../problems.ts";
import { byName } from "../solver-list.ts";

/** `mixed` with a parameter, as it is and compiled. */
const scaled = (t: number, y: Float64Array, dy: Float64Array, [a]: ArrayLike<number> & Iterable<number>): void => {
  const n = y.length;
  for (let i = 0; i < n; i++) dy[i] = Math.tanh(y[(i + 1) % n]!) - a! * y[i]! + Math.sin((i + 1) * t);
};

describe.each(byName)("%s", (_name, solver) => {
  it.each([1, 2, 3, 4])("of %d numbers: bits, counts, grid and interpolants", (length) => {
    const y0 = Array.from({ length }, (_, i) => 2 * Math.cos(i));
    const own = compiled(scaled, { params: [0.3] });
    const ways: Partial<SolveOptions>[] = [
      { stepSize: 0.11, output: "land" },
      { stepSize: 0.11, dense: true },
      ...(solver.adaptive
        ? [{ rtol: 1e-5 }, { rtol: 1e-5, dense: true }, { ts: [3, 0.1] }, { rtol: 1e-3, firstStep: 1, onStep() {} }]
        : []),
    ];
    for (const way of ways) {
      const options: SolveOptions = { y0, ts: [0.1, 0.7, 3], solver, ...way };
      const [a, b] = [solve(own, options), solve(scaled, { ...options, params: [0.3] })];
      expect(a.ys).toEqual(b.ys);
      expect(a.grid).toEqual(b.grid);
      expect(a.rejections).toEqual(b.rejections);
      expect({ ...a.stats, peakBytes: 0 }).toEqual({ ...b.stats, peakBytes: 0 });
      if (way.dense) expect(a.at(1.234)).toEqual(b.at(1.234));
    }
  });
});

it("fields of one equation with other parameters share the step and not the numbers", () => {
  const own = compiled(scaled, { params: [0.3] });
  for (const a of [0.3, 1.7]) {
    own.params[0] = a;
    const options = { y0: [1, 2], ts: [0, 2] };
    expect(solve(own, options).ys).toEqual(solve(scaled, { ...options, params: [a] }).ys);
  }
});

it("gradients are those of the field in a batch of one, whose steps call it", () => {
  const cotangent = [0, 0, 1, -2];
  for (const adjoint of [backprop(), symplectic()]) {
    const found = [undefined, 2].map((dim) => {
      const field = compiled(scaled, { params: [0.3], ...(dim && { dim }) });
      const solution = solve(field, { y0: [1, 2, ...(dim ? [1, 2] : [])], ts: [0, 2], stepSize: 0.1, adjoint });
      return solution.pullback(dim ? [0, 0, 0, 0, 1, -2, 0, 0] : cotangent);
    });
    [0, 1].forEach((i) => expect(found[0]!.y0[i]).toBeCloseTo(found[1]!.y0[i]!, 12));
    expect(found[0]!.params[0]).toBeCloseTo(found[1]!.params[0]!, 12);
  }
});

it("a field's text is taken in once, a long one is called", () => {
  const made = vi.spyOn(globalThis, "Function");
  const count = (run: () => void): number => {
    const before = made.mock.calls.filter(([names]) => names === "field").length;
    run();
    return made.mock.calls.filter(([names]) => names === "field").length - before;
  };
  const options = { y0: [1, 2], ts: [0, 2], solver: tsit5 };
  solve(mixed, options);
  const own = compiled(scaled, { params: [0.3] });
  expect(count(() => solve(own, options))).toBe(2);
  expect(count(() => solve(own, options))).toBe(0);
  const long = compiled(
    (_t, [x, z], dy) => {
      let sum = 0;
      for (let k = 1; k < 60; k++) sum += Math.sin(k * x!) * z!;
      dy[0] = sum;
      dy[1] = -z!;
    },
    { dim: 2 },
  );
  expect(count(() => solve(long, options))).toBe(0);
  made.mockRestore();
});

it("what a step takes in is the text of the field", () => {
  const text = { head: "", at: (t: string, y: string, dy: string) => `${dy}_0=${dy}[0]=2*${y}_0+(${t});` };
  const euler = byName.find(([name]) => name === "euler")![1].scheme;
  const step = writtenStep(euler, 1, text)!;
  const arrays = [Float64Array.of(3), new Float64Array(1), new Float64Array(1)];
  step(
    () => {},
    undefined,
    arrays,
    Float64Array.of(5, 0.5, 5.5, 0, 0, 0),
    0,
    () => {},
    undefined,
  );
  expect(arrays.map(([value]) => value)).toEqual([3, 11, 8.5]);
});
