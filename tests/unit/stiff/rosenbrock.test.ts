// The Rosenbrock method itself: order, stability, its continuous extension, linear systems that are singular or need their rows
// exchanged, where Jacobians come from, and that every count is counted.
import { describe, expect, it } from "vitest";
import { compiled } from "../../../ts/compiled/index.ts";
import { mlp, predictive, rodas5P, type SolveOptions, solve, tsit5, vectorField } from "../../../ts/index.ts";
import { robertson } from "./problems.ts";

type F = (t: number, y: Float64Array, dy: Float64Array) => void;

/** One number: y' = rate · y, and its Jacobian. */
const linear =
  (rate: number): F =>
  (_t, y, dy) => {
    dy[0] = rate * y[0]!;
  };
const constant =
  (...entries: number[]) =>
  (_t: number, _y: Float64Array, _p: unknown, J: Float64Array): void =>
    J.set(entries);

/** y₁ = sin t² + 1, y₂ = e^(−t) y₁, in an equation that depends on t and not linearly on y. */
const curved: F = (t, y, dy) => {
  dy[0] = 2 * t * Math.cos(t * t) + (y[0]! - Math.sin(t * t) - 1) * y[1]!;
  dy[1] = -y[1]! + Math.exp(-t) * 2 * t * Math.cos(t * t) + (y[1]! - Math.exp(-t) * y[0]!) ** 2;
};
const curve = (t: number): [number, number] => [Math.sin(t * t) + 1, Math.exp(-t) * (Math.sin(t * t) + 1)];
const curvedFrom = (options: Partial<SolveOptions>) =>
  solve(curved, { y0: curve(0), ts: [0, 1.5], solver: rodas5P, ...options });

/** The same equation, one that no step is written out for: it returns its derivative. */
const returning =
  (f: F) =>
  (t: number, y: Float64Array): Float64Array => {
    const dy = new Float64Array(y.length);
    f(t, y, dy);
    return dy;
  };

const largest = (y: ArrayLike<number>, exact: ArrayLike<number>): number =>
  Math.max(...Array.from(y, (value, i) => Math.abs(value - exact[i]!)));

describe("rodas5P", () => {
  it("is of order 5 at the ends of steps", () => {
    const errors = [16, 32, 64].map((n) => largest(curvedFrom({ stepSize: 1.5 / n }).ys.subarray(2), curve(1.5)));
    expect(Math.log2(errors[1]! / errors[2]!)).toBeGreaterThan(4.7);
    expect(Math.log2(errors[0]! / errors[1]!)).toBeGreaterThan(4.5);
  });

  it("is of order 4 inside steps", () => {
    const errors = [16, 32, 64].map((n) => {
      const solution = curvedFrom({ stepSize: 1.5 / n, dense: true });
      const times = Array.from({ length: 40 }, (_, i) => (1.5 * (i + 0.5)) / 40);
      return Math.max(...times.map((t) => largest(solution.at(t), curve(t))));
    });
    expect(Math.log2(errors[1]! / errors[2]!)).toBeGreaterThan(3.7);
    expect(errors[2]!).toBeLessThan(1e-6);
  });

  it("keeps its order where the field is stiff: Prothero and Robinson's equation at λ = −1e6, order 3, errors as published", () => {
    const f: F = (t, y, dy) => {
      dy[0] = -1e6 * (y[0]! - Math.cos(t)) - Math.sin(t);
    };
    const errors = [8, 16, 32].map((n) => {
      const { ys } = solve(f, { y0: [1], ts: [0, 1.3], solver: rodas5P, stepSize: 1.3 / n });
      return Math.abs(ys[1]! - Math.cos(1.3));
    });
    // 9.96e-12, 1.1e-12, 1.28e-13 with an exact Jacobian; J and f_t here are differences.
    expect(errors[0]!).toBeLessThan(1e-10);
    expect(errors[2]!).toBeLessThan(1e-11);
  });

  it("is L-stable: one step damps whatever is fast", () => {
    for (const h of [1, 1e6]) {
      const { ys } = solve(linear(-1e8), {
        y0: [1],
        ts: [0, h],
        solver: rodas5P,
        stepSize: h,
        jacobian: constant(-1e8),
      });
      expect(Math.abs(ys[1]!)).toBeLessThan(1e-6);
    }
  });

  it("lands on outputs unless asked to interpolate, and stays bounded inside stiff steps", () => {
    const ts = Array.from({ length: 101 }, (_, i) => 10 ** (-4 + (9 * i) / 100));
    const options = { y0: robertson.y0, ts: [0, ...ts], solver: rodas5P, rtol: 1e-6, atol: 1e-12 };
    const landed = solve(robertson.f, options);
    const between = solve(robertson.f, { ...options, output: "interpolate" });
    expect(Array.from(landed.grid)).toEqual(expect.arrayContaining(ts));
    expect(between.stats.accepted).toBeLessThan(landed.stats.accepted);
    expect(largest(between.ys, landed.ys)).toBeLessThan(1e-4);
  });

  it("goes backwards in time", () => {
    const { ys } = solve(curved, { y0: curve(1.5), ts: [1.5, 1], solver: rodas5P, rtol: 1e-9, atol: 1e-9 });
    expect(largest(ys.subarray(2), curve(1))).toBeLessThan(1e-7);
  });

  it("solves with an mlp, in float32 and float64, rows side by side", () => {
    for (const dtype of ["float32", "float64"] as const) {
      const field = mlp({ layers: [2, 8, 2], dtype, seed: 3, time: true });
      const options = { y0: [1, -0.5, 0.3, 0.8], ts: [0, 2], rtol: 1e-5, atol: 1e-6 };
      const implicit = solve(field, { ...options, solver: rodas5P });
      expect(largest(implicit.ys, solve(field, { ...options, solver: tsit5 }).ys)).toBeLessThan(1e-4);
      expect(implicit.stats.accepted).toBeLessThan(40);
    }
  });
});

describe("the linear systems", () => {
  const h = 0.1;
  const corner = 1 / (h * 0.21193756319429014);
  /** W₀₀ = 1 − h γ J₀₀ is 0, or nearly so, and W₀₁ is not. */
  const swapped = (order: [number, number]): F => {
    const [a, b] = order;
    return (_t, y, dy) => {
      dy[a] = corner * (y[a]! - 2 * y[b]!);
      dy[b] = corner * 2 * y[a]! - y[b]!;
    };
  };

  it.each([
    ["written out", (f: F) => f],
    ["by the kernels", returning],
  ])("exchange rows where a pivot vanishes, %s", (_, made) => {
    const options = { ts: [0, 0.3], solver: rodas5P, stepSize: h };
    const [c, twice] = [corner, 2 * corner];
    const a = solve(made(swapped([0, 1])), { ...options, y0: [0, 1], jacobian: constant(c, -twice, twice, -1) }).ys;
    const b = solve(made(swapped([1, 0])), { ...options, y0: [1, 0], jacobian: constant(-1, twice, -twice, c) }).ys;
    expect(Math.abs(a[2]! / b[3]! - 1)).toBeLessThan(1e-7);
    expect(Math.abs(a[3]! / b[2]! - 1)).toBeLessThan(1e-7);
  });

  it.each([
    ["written out", (f: F) => f],
    ["by the kernels", returning],
  ])("that are singular end fixed steps in newton, and reject others, %s", (_, made) => {
    const f = linear(corner);
    const given = { y0: [1], ts: [0, h], solver: rodas5P, jacobian: constant(corner) };
    expect(() => solve(made(f), { ...given, stepSize: h })).toThrow(
      expect.objectContaining({ code: "newton", t: 0, h, message: expect.stringContaining("singular") }),
    );
    const { ys, stats } = solve(made(f), { ...given, firstStep: h, rtol: 1e-9 });
    expect(ys[1]).toBeCloseTo(Math.exp(corner * h), 4);
    expect(stats.newtonFailures).toBe(1);
    expect(stats.rejected).toBeGreaterThan(0);
  });

  it("that never are finite end in newton with a reason", () => {
    const options = { y0: [1], ts: [0, 1], solver: rodas5P, jacobian: constant(Number.NaN) };
    expect(() => solve(linear(-1), options)).toThrow(
      expect.objectContaining({ code: "newton", message: expect.stringContaining("jacobian") }),
    );
  });

  it("written out and by the kernels give the same solution", () => {
    for (const rtol of [1e-4, 1e-7]) {
      const options = { y0: robertson.y0, ts: [0, 1e3, 1e6], solver: rodas5P, rtol, atol: 1e-6 * rtol };
      const written = solve(robertson.f, options);
      const kernels = solve(returning(robertson.f), { ...options, grid: written.grid });
      for (let i = 3; i < 9; i++) expect(Math.abs(kernels.ys[i]! / written.ys[i]! - 1)).toBeLessThan(1e-8);
    }
  });
});

describe("counts", () => {
  const exact = (_t: number, y: Float64Array, _p: unknown, J: Float64Array): void => {
    const [a, b] = [1e4 * y[1]!, 1e4 * y[2]!];
    J.set([-0.04, b, a, 0.04, -b - 6e7 * y[1]!, -a, 0, 6e7 * y[1]!, 0]);
  };
  const options = { y0: robertson.y0, ts: [0, 1e6], solver: rodas5P, rtol: 1e-6, atol: 1e-12 };

  it.each([
    ["nobody looks at steps", {}],
    ["steps are looked at", { onStep() {} }],
    ["steps are given", { ts: [0, 0.1], stepSize: 1e-3 }],
    ["J is given", { jacobian: exact }],
  ])("every evaluation where %s", (_, more) => {
    for (const made of [(f: F) => f, returning]) {
      let calls = 0;
      let latest = 0;
      const counting: F = (t, y, dy) => {
        calls++;
        latest = Math.max(latest, t);
        robertson.f(t, y, dy);
      };
      const { stats } = solve(made(counting), { ...options, ...more });
      expect(stats.evaluations).toBe(calls);
      expect(latest).toBe("ts" in more ? 0.1 : 1e6);
    }
  });

  it("a rejected step keeps J and its derivative, and factors W anew", () => {
    const { stats } = solve(robertson.f, { ...options, firstStep: 1 });
    expect(stats.rejected).toBeGreaterThan(2);
    expect(stats.jacobians).toBe(stats.accepted);
    expect(stats.factorizations).toBe(stats.steps);
    expect(stats.solves).toBe(8 * stats.steps);
    // Three columns and ∂f/∂t for each J; of a step again all but the first evaluation.
    expect(stats.differences).toBe(4 * stats.jacobians!);
    expect(stats.evaluations - stats.differences!).toBe(8 * stats.accepted + 7 * stats.rejected);
  });

  it("nothing is spent on differences where J and ∂f/∂t are given", () => {
    const both = (t: number, y: Float64Array, p: unknown, J: Float64Array, dfdt: Float64Array): void => {
      exact(t, y, p, J);
      dfdt.fill(0);
    };
    const alone = solve(robertson.f, { ...options, jacobian: exact });
    const all = solve(robertson.f, { ...options, jacobian: both });
    expect(alone.stats.differences).toBe(alone.stats.jacobians);
    expect(all.stats.differences).toBe(0);
    expect(Array.from(all.ys)).toEqual(Array.from(alone.ys));
  });

  it("explicit solvers have none of them", () => {
    expect(solve(robertson.f, { ...options, ts: [0, 1e-3], solver: tsit5 }).stats).not.toHaveProperty("jacobians");
  });
});

describe("refused", () => {
  const base = { y0: [1], ts: [0, 1], solver: rodas5P };
  it("predictive() with numbers that make no controller", () => {
    expect(() => predictive({ safety: 0 })).toThrow(/predictive option safety is 0/);
    expect(() => predictive({ minFactor: 1 })).toThrow(/predictive option minFactor is 1/);
    expect(() => predictive({ maxFactor: 1 })).toThrow(/predictive option maxFactor is 1/);
    expect(() => predictive({ p: 1 } as never)).toThrow(/predictive option p/);
  });

  it("a jacobian that is no function", () => {
    expect(() => solve(linear(-1), { ...base, jacobian: [1] as never })).toThrow(/jacobian is \[1\]/);
  });
});

describe("where Jacobians come from", () => {
  const given = { ts: [0, 0.5], solver: rodas5P, stepSize: 0.1 } as const;
  const pendulum = () =>
    compiled(
      (t, [x, v], dy, [g, drag]) => {
        dy[0] = v!;
        dy[1] = -g! * Math.sin(x!) - drag! * v! * v! + 0.1 * Math.sin(3 * t);
      },
      { params: [30, 0.4], dim: 2 },
    );

  it("compiled fields have their own, and J is a block a row of a batch", () => {
    const rows = [
      [1, 0],
      [0.2, -3],
      [-2, 1],
    ];
    const batch = solve(pendulum(), { ...given, y0: rows.flat() });
    expect(batch.stats.differences).toBe(0);
    expect(batch.stats.evaluations).toBe(8 * batch.stats.accepted);
    rows.forEach((y0, row) => {
      const alone = solve(pendulum(), { ...given, y0 });
      expect(largest(alone.ys.subarray(2), batch.ys.subarray(6 + 2 * row, 8 + 2 * row))).toBeLessThan(1e-13);
    });
  });

  it("networks have products, one a column for all rows at once", () => {
    const field = mlp({ layers: [3, 8, 3], dtype: "float64", seed: 5 });
    const rows = [
      [1, 0, 2],
      [0.2, -1, 0],
    ];
    const batch = solve(field, { ...given, y0: rows.flat() });
    // An evaluation for the products, one for ∂f/∂t, and eight stages.
    expect(batch.stats.evaluations).toBe(10 * batch.stats.accepted);
    expect(batch.stats.differences).toBe(batch.stats.accepted);
    rows.forEach((y0, row) => {
      const alone = solve(field, { ...given, y0 });
      const plain = solve((t, y, dy) => void field.evaluate(t, y, dy), { ...given, y0 });
      expect(largest(alone.ys.subarray(3), batch.ys.subarray(6 + 3 * row, 9 + 3 * row))).toBeLessThan(1e-13);
      expect(largest(alone.ys.subarray(3), plain.ys.subarray(3))).toBeLessThan(1e-8);
    });
  });

  it("the same solution comes of differences, of the field's products and of its entries", () => {
    const equation = pendulum();
    const [g, drag] = [30, 0.4];
    const f: F = (t, y, dy) => {
      dy[0] = y[1]!;
      dy[1] = -g * Math.sin(y[0]!) - drag * y[1]! * y[1]! + 0.1 * Math.sin(3 * t);
    };
    const products = vectorField({
      f,
      jvp: (_t, y, _params, { y: dot }, dy) => {
        dy[0] = dot[1]!;
        dy[1] = -g * Math.cos(y[0]!) * dot[0]! - 2 * drag * y[1]! * dot[1]!;
      },
    });
    const options = { ...given, y0: [1, 0] };
    const exact = solve(equation, options);
    for (const field of [f, products]) {
      const { ys, stats } = solve(field as F, options);
      expect(largest(ys, exact.ys)).toBeLessThan(1e-8);
      expect(stats.differences).toBeGreaterThan(0);
    }
  });

  it("of an asynchronous field differences are waited for", async () => {
    const slow = async (t: number, y: Float64Array, dy: Float64Array): Promise<void> => curved(t, y, dy);
    const options = { y0: curve(0), ts: [0, 0.7, 1.5], solver: rodas5P, rtol: 1e-6, atol: 1e-8 };
    const [later, now] = [await solve(slow, options), solve(returning(curved), options)];
    expect(Array.from(later.ys)).toEqual(Array.from(now.ys));
    expect(later.stats.evaluations).toBe(now.stats.evaluations);
  });
});
