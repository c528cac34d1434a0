// Values to the bit, and derivatives: against differences, against each other, and where branches are not taken.
// biome-ignore-all lint/suspicious/noAssignInExpressions: equations as people write them
import { describe, expect, it } from "vitest";
import { compiled } from "../../../ts/compiled/index.ts";
import { type Evaluated, evaluated, type Point } from "../../fuzz/evaluation.ts";
import { wrongRow } from "../../fuzz/rows.ts";
import { corpus } from "./corpus.ts";
import type { Entry } from "./corpus-entry.ts";

const fieldOf = ({ f, dim, params, uses }: Entry) =>
  compiled(f as never, { dim, ...(params && { params }), ...(uses && { uses }) } as never);

const wave = (length: number, shift: number): number[] =>
  Array.from({ length }, (_, i) => Math.cos(1.7 * i + 2.3 * shift));

const pointOf = ({ dim, y = new Array<number>(dim).fill(1) }: Entry, k: number): Point => ({
  t: 0.2 * k + 0.1,
  y: y.map((x, i) => x * (1 + 0.3 * Math.sin(5 * k + 2 * i + 0.7))),
});

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const norm = (values: readonly number[]): number => Math.max(0, ...values.map(Math.abs));

/** Those that use + − × ÷, sqrt, x ** 2, exp, log, sin and cos only. */
const EXACT = [
  "lorenz",
  "lotka volterra",
  "robertson",
  "van der pol",
  "pendulum",
  "double pendulum",
  "pleiades",
  "brusselator",
  "gray scott on a grid",
  "chemistry",
  "kuramoto",
  "a bouncing stiff wall",
  "a guarded root",
];

describe("values equal those of the function to the bit", () => {
  it.each(EXACT)("%s", (name) => {
    const entry = corpus[name]!;
    const made = fieldOf(entry);
    const field = evaluated(made, entry.dim);
    for (let k = 0; k < 6; k++) {
      const point = pointOf(entry, k);
      const expected = new Float64Array(entry.dim);
      entry.f(point.t, Float64Array.from(point.y), expected, made.named());
      field.value(point).forEach((value, i) => expect(Object.is(value, expected[i])).toBe(true));
    }
    field.release();
  });

  it("with infinities, NaN and −0, which are not folded away", () => {
    const f = (_t: number, [a, b]: Float64Array, dy: Float64Array): void => {
      dy[0] = 0 * a + b;
      dy[1] = b + 0 - a * 0 + (a - a);
      dy[2] = -a + 0;
      dy[3] = a ** 0 + (b - 0) * 1;
    };
    const field = evaluated(compiled(f, { dim: 4 }), 4);
    for (const y of [
      [Number.POSITIVE_INFINITY, 1, 0, 0],
      [Number.NaN, -0, 0, 0],
      [0, -0, 0, 0],
      [-0, -0, 0, 0],
    ]) {
      const expected = new Float64Array(4);
      f(0, Float64Array.from(y), expected);
      expect(field.value({ t: 0, y })).toEqual(Array.from(expected));
    }
    field.release();
  });
});

describe("derivatives", () => {
  const each = Object.keys(corpus);

  it.each(each)("%s: the VJP and the JVP are one, to rounding", (name) => {
    const entry = corpus[name]!;
    const made = fieldOf(entry);
    const paramsDot = wave(made.params.length, 3);
    const field = evaluated(made, entry.dim, paramsDot);
    for (let k = 0; k < 4; k++) {
      const [w, yDot] = [wave(entry.dim, k), wave(entry.dim, k + 1)];
      const point = pointOf(entry, k);
      field.value(point);
      const pushed = field.jvp(point, yDot);
      const bar = field.vjp(point, w);
      const size = pushed.reduce((sum, x, i) => sum + Math.abs(x * w[i]!), 0) + Math.abs(dot(bar.y, yDot));
      expect(Math.abs(dot(w, pushed) - dot(bar.y, yDot) - dot(bar.params, paramsDot))).toBeLessThanOrEqual(
        1e-14 * size,
      );
    }
    field.release();
  });

  /** Central differences of w·f by steps of h in `move`'s direction, extrapolated (Richardson), and how far they have settled. */
  function differences(along: (h: number) => number): [value: number, doubt: number] {
    const central = (h: number): number => (along(h) - along(-h)) / (2 * h);
    const [coarse, fine, finest] = [central(2e-4), central(1e-4), central(5e-5)];
    const value = (4 * finest - fine) / 3;
    return [value, Math.abs(value - (4 * fine - coarse) / 3)];
  }

  it.each(each)("%s: against differences of y, t and the parameters", (name) => {
    const entry = corpus[name]!;
    const made = fieldOf(entry);
    const { params } = made;
    const [w, yDot, paramsDot] = [wave(entry.dim, 0), wave(entry.dim, 1), wave(params.length, 2)];
    let compared = 0;
    for (let k = 0; k < 4; k++) {
      const point = pointOf(entry, k);
      const at = (h: number, of: "y" | "t" | "params"): number => {
        const moved = of === "params" ? Float64Array.from(params, (x, i) => x + h * x * paramsDot[i]!) : params;
        const values = new Float64Array(entry.dim);
        const y = point.y.map((x, i) => (of === "y" ? x + h * x * yDot[i]! : x));
        const result = entry.f(of === "t" ? point.t + h : point.t, Float64Array.from(y), values, made.named(moved));
        return dot(w, Array.from(result ?? values));
      };
      const field = evaluated(made, entry.dim);
      const bar = field.vjp(point, w);
      const exact = {
        y: dot(
          bar.y,
          point.y.map((x, i) => x * yDot[i]!),
        ),
        t: bar.t,
        params: dot(
          bar.params,
          Array.from(params, (x, i) => x * paramsDot[i]!),
        ),
      };
      for (const of of ["y", "t", "params"] as const) {
        const [expected, doubt] = differences((h) => at(h, of));
        const size = norm(field.value(point)) + norm([expected]);
        // Near a kink or a jump differences mean nothing.
        if (doubt > 1e-8 * size) continue;
        expect(Math.abs(exact[of] - expected), of).toBeLessThanOrEqual(1e-8 * size + 10 * doubt);
        compared++;
      }
      field.release();
    }
    expect(compared).toBeGreaterThan(6);
  });

  it.each(each)("%s: of a batch are those of its rows", (name) => {
    const entry = corpus[name]!;
    const points = [0, 1, 2].map((k) => pointOf(entry, k));
    expect(wrongRow(fieldOf(entry), entry.dim, points)).toBeUndefined();
  });

  const at = (
    f: Entry["f"],
    y: readonly number[],
    w: readonly number[],
    params: readonly number[] = [],
  ): ReturnType<Evaluated["vjp"]> => {
    const field = evaluated(compiled(f, { dim: y.length, params }), y.length);
    const bar = field.vjp({ t: 0.5, y }, w);
    field.release();
    return bar;
  };

  it("are not spoiled by what no branch uses", () => {
    expect(at((_t, [x], dy) => void (dy[0] = x > 0 ? Math.sqrt(x) : x), [-1], [3]).y).toEqual([3]);
    expect(at((_t, [x], dy) => void (dy[0] = x > 0 ? Math.sqrt(x) : x), [0], [3]).y).toEqual([3]);
    const twice: Entry["f"] = (_t, [x, z], dy) => {
      dy[0] = x > 0 ? (z > 0 ? Math.log(x * z) : Math.sqrt(x)) : 2 * x;
      dy[1] = x > 0 ? Math.sqrt(x) ** 2 + Math.log(x) : z;
    };
    expect(at(twice, [0, 0], [1, 1]).y).toEqual([2, 1]);
    const afterReturn: Entry["f"] = (_t, [x], dy) => {
      dy[0] = 0;
      if (x <= 0) return;
      dy[0] = Math.log(x) ** 2 + Math.sqrt(x);
    };
    expect(at(afterReturn, [0], [1]).y).toEqual([0]);
    // Used under two conditions, of which neither holds.
    const both: Entry["f"] = (_t, [x, u], dy) => {
      const root = Math.sqrt(x);
      dy[0] = (u > 1 ? root : 0) + (u < -1 ? 2 * root : x);
      dy[1] = u;
    };
    expect(at(both, [0, 0.5], [1, 1]).y).toEqual([1, 1]);
    expect(at(both, [4, 2], [1, 1]).y).toEqual([1.25, 1]);
    expect(at(both, [4, -2], [1, 1]).y).toEqual([0.5, 1]);
  });

  it("pushed forward are not spoiled either", () => {
    const stays: Entry["f"] = (_t, [x, z], dy) => {
      const base = x > 0 ? 0 : x;
      dy[0] = Math.cbrt(base) + Math.sqrt(x > 0 ? 0 : -x) + (x > 0 ? z : Math.log(-x));
      dy[1] = Math.sqrt(x > 0 ? (z > 0 ? 0 : -z) : -x);
    };
    const field = evaluated(compiled(stays, { dim: 2 }), 2);
    expect(field.jvp({ t: 0, y: [1, 1] }, [3, 5])).toEqual([5, 0]);
    expect(field.jvp({ t: 0, y: [1, -4] }, [3, 8])).toEqual([8, -2]);
    expect(field.jvp({ t: 0, y: [-4, 1] }, [8, 5])[1]).toBe(-2);
    field.release();
  });

  it("of powers are those of calculus at 0, too", () => {
    const power: Entry["f"] = (_t, [x], dy, [p]) => void (dy[0] = x ** p);
    expect(at(power, [0], [1], [2]).params).toEqual([0]);
    expect(at(power, [0], [1], [2]).y).toEqual([0]);
    expect(at(power, [0], [1], [1]).y).toEqual([1]);
    expect(at(power, [2], [1], [3])).toMatchObject({ y: [12], params: [8 * Math.log(2)] });
  });

  it("at kinks are those of one side", () => {
    expect(at((_t, [x], dy) => void (dy[0] = Math.abs(x)), [0], [1]).y).toEqual([0]);
    expect(at((_t, [x], dy) => void (dy[0] = Math.max(0, x)), [0], [1]).y).toEqual([0]);
    expect(at((_t, [x], dy) => void (dy[0] = Math.max(x, 0)), [0], [1]).y).toEqual([1]);
    expect(at((_t, [x, z], dy) => void dy.fill(Math.min(x, z)), [1, 1], [1, 0]).y).toEqual([1, 0]);
  });

  it("of a remainder count its steps", () => {
    expect(at((_t, [x, m], dy) => void dy.fill(x % m), [7.5, 2], [1, 0]).y).toEqual([1, -3]);
  });
});
