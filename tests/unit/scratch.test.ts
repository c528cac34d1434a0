// What solves have in common: found again for solves alike, and for no others.
import { afterEach, describe, expect, it, vi } from "vitest";
import { mlp, pid, rk4, type SolveOptions, solve, symplectic, tsit5 } from "../../ts/index.ts";
import { memoryUse } from "../../ts/wasm/memory.ts";
import { type HostVector, type Layout, Scratch } from "../../ts/wasm/scratch.ts";

afterEach(() => expect(memoryUse().leased).toBe(0));

interface Key {
  readonly subject: object;
  readonly length: number;
  readonly name?: string;
}

let made = 0;
const make = (layout: Layout, { length }: Key): { id: number; vector: HostVector } => ({
  id: made++,
  vector: layout.vector(length, "float64"),
});

/** Takes what is in common, uses it and gives it back; returns which it was. */
function use(how: typeof make, key: Key): number {
  const scratch = new Scratch();
  const { id, vector } = scratch.reuse(how, key);
  scratch.lease();
  expect(vector.view.length).toBe(key.length);
  vector.view.fill(id);
  scratch.release();
  return id;
}

describe("Scratch.reuse", () => {
  const subject = {};

  it("finds what was made of the same values, whichever object holds them", () => {
    const first = use(make, { subject, length: 3 });
    expect(use(make, { length: 3, subject })).toBe(first);
    expect(use(make, { subject, length: 3 })).toBe(first);
  });

  it.each<[string, Key]>([
    ["a number", { subject, length: 4 }],
    ["an object", { subject: {}, length: 3 }],
    ["a member more", { subject, length: 3, name: "x" }],
  ])("but not of others: %s", (_, other) => {
    const first = use(make, { subject, length: 3 });
    const second = use(make, other);
    expect(second).not.toBe(first);
    expect(use(make, { subject, length: 3 })).toBe(first);
    expect(use(make, other)).toBe(second);
  });

  it("nor what another function made: one that sees values of a solve is made anew in each", () => {
    const length = 3;
    const solveWith = (id: number): number =>
      use((layout) => ({ id, vector: layout.vector(length, "float64") }), { subject, length });
    expect([1e6, 2e6, 1e6].map(solveWith)).toEqual([1e6, 2e6, 1e6]);
  });

  it("and nobody else has it until it is given back", () => {
    const key = { subject: {}, length: 2 };
    const first = use(make, key);
    const [one, two] = [new Scratch(), new Scratch()];
    expect(one.reuse(make, key).id).toBe(first);
    expect(two.reuse(make, key).id).not.toBe(first);
    one.lease();
    two.lease();
    one.release();
    two.release();
  });
});

describe("solves of all kinds, one after the other, are those that run alone", () => {
  const [net, single] = (["float64", "float32"] as const).map((dtype) => mlp({ layers: [2, 3, 2], seed: 1, dtype }));
  const base: SolveOptions = { y0: [1, -1], ts: [0, 0.3, 1] };
  const kinds: Record<string, { single?: true; options: SolveOptions }> = {
    plain: { options: base },
    float32: { single: true, options: base },
    "another length": { options: { ...base, y0: [1, -1, 0.5, 2] } },
    "another solver": { options: { ...base, solver: rk4, stepSize: 0.1 } },
    "given steps": { options: { ...base, stepSize: 0.25 } },
    landing: { options: { ...base, output: "land" } },
    "a tolerance for each number": { options: { ...base, rtol: [1e-4, 1e-8], atol: 1e-9 } },
    "another for each number": { options: { ...base, rtol: 1e-6, atol: [1e-4, 1e-8] } },
    "segments of the norm": {
      options: {
        ...base,
        norm: [
          { length: 1, weight: 2 },
          { length: 1, weight: 0 },
        ],
      },
    },
    "another norm": { options: { ...base, norm: "max" } },
    "another controller": { options: { ...base, controller: pid({ p: 0, i: 1, d: 0 }) } },
  };
  const numbers = (kind: (typeof kinds)[string]) => {
    const field = kind.single ? single! : net!;
    const solution = solve(field, { solver: tsit5, ...kind.options, adjoint: symplectic() });
    const { y0, params } = solution.pullback(solution.ys.map((_, i) => i + 1));
    return [solution.ys, solution.grid, y0, params];
  };

  it("to the bit, in every order of two", () => {
    const alone = Object.values(kinds).map(numbers);
    Object.values(kinds).forEach((one) => {
      Object.values(kinds).forEach((other, j) => {
        numbers(one);
        expect(numbers(other)).toEqual(alone[j]);
      });
    });
  });

  it("and a solve like the one before declares nothing again, nor does its pullback", () => {
    const reuse = vi.spyOn(Scratch.prototype, "reuse");
    const kind = kinds["a tolerance for each number"]!;
    numbers(kind);
    numbers(structuredClone(kind));
    const [forward, backward, ...again] = reuse.mock.results.map(({ value }) => value);
    reuse.mockRestore();
    expect(again).toHaveLength(2);
    expect(again[0]).toBe(forward);
    expect(again[1]).toBe(backward);
  });
});
