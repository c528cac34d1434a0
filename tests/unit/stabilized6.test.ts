// What stabilized6 is for: its stability domain, how little order it loses to stiff modes, and the heat equation.
import { describe, expect, it } from "vitest";
import { cashKarp, dopri5, type Solver, solve, stabilized6, tsit5 } from "../../ts/index.ts";

/** R(z) of one step on y' = z y, z = x + iy, as [Re, Im]. */
function stability({ tableau }: Solver, x: number, y: number): [number, number] {
  const { a, b } = tableau!;
  const k: [number, number][] = [];
  const sum = (weights: readonly number[]): [number, number] => {
    const re = weights.reduce((total, w, j) => total + w * k[j]![0], 1);
    const im = weights.reduce((total, w, j) => total + w * k[j]![1], 0);
    return [re, im];
  };
  for (const row of a) {
    const [re, im] = sum(row);
    k.push([x * re - y * im, x * im + y * re]);
  }
  return sum(b);
}

const amplification = (solver: Solver, x: number, y = 0): number => Math.hypot(...stability(solver, x, y));

/** How far R stays within 1 down the negative real axis. */
function realInterval(solver: Solver): number {
  let z = 0.01;
  while (amplification(solver, -z) <= 1) z += 0.01;
  return z;
}

describe("stabilized6: stability", () => {
  it("reaches 13.0 down the negative real axis, damped on the way", () => {
    expect(realInterval(stabilized6)).toBeGreaterThan(13);
    for (let z = 2.5; z <= 12.5; z += 0.05) expect(amplification(stabilized6, -z)).toBeLessThan(0.81);
  });

  it("has twice the interval an evaluation that the other methods of order 5 and 6 stages have", () => {
    const perEvaluation = (solver: Solver, evaluations: number): number => realInterval(solver) / evaluations;
    for (const other of [cashKarp, dopri5, tsit5]) {
      expect(perEvaluation(stabilized6, 10)).toBeGreaterThan(2 * perEvaluation(other, 6));
    }
  });

  it("covers a strip along that axis, and grows by less than 10⁻⁶ a step up to i on the imaginary one", () => {
    for (let z = 1; z <= 12; z += 0.1) expect(amplification(stabilized6, -z, 0.5)).toBeLessThan(1);
    for (let y = 0.1; y <= 1; y += 0.1) expect(amplification(stabilized6, 0, y)).toBeLessThan(1 + 1e-6);
  });
});

describe("stabilized6: the heat equation u' = u'' on (0, 1), ends held at 0", () => {
  const n = 40;
  const square = (n + 1) ** 2;
  const fastest = 4 * square;
  const field = (_t: number, u: Float64Array, du: Float64Array): void => {
    for (let i = 0; i < n; i++) du[i] = square * ((u[i - 1] ?? 0) - 2 * u[i]! + (u[i + 1] ?? 0));
  };
  // sin πx, which decays at this rate.
  const u0 = Array.from({ length: n }, (_, i) => Math.sin((Math.PI * (i + 1)) / (n + 1)));
  const rate = fastest * Math.sin(Math.PI / (2 * (n + 1))) ** 2;

  it("damps every mode with steps of 12.9 times the fastest one's time, and not with 13.5", () => {
    const rough = u0.map((u, i) => u + (i % 2 ? 1e-3 : -1e-3));
    const largestError = (z: number): number => {
      const end = (100 * z) / fastest;
      const { ys } = solve(field, { y0: rough, ts: [0, end], solver: stabilized6, stepSize: z / fastest });
      return Math.max(...u0.map((u, i) => Math.abs(ys[n + i]! - u * Math.exp(-rate * end))));
    };
    expect(largestError(12.9)).toBeLessThan(1e-4);
    expect(largestError(13.5)).toBeGreaterThan(1);
  });

  it("is exact to the tolerance with less than 0.7 of dopri5's evaluations", () => {
    const evaluations = [stabilized6, dopri5].map((solver) => {
      const { ys, stats } = solve(field, { y0: u0, ts: [0, 0.2], solver, rtol: 1e-6, atol: 1e-9 });
      for (const [i, u] of ys.subarray(n).entries()) {
        expect(Math.abs(u - u0[i]! * Math.exp(-0.2 * rate))).toBeLessThan(1e-6);
      }
      return stats.evaluations;
    });
    expect(evaluations[0]).toBeLessThan(0.7 * evaluations[1]!);
  });
});

describe("stabilized6: Prothero and Robinson's equation y' = λ (y − cos t) − sin t", () => {
  const error = (solver: Solver, lambda: number, stepSize: number): number => {
    const field = (t: number, y: Float64Array, dy: Float64Array): void => {
      dy[0] = lambda * (y[0]! - Math.cos(t)) - Math.sin(t);
    };
    const { ys } = solve(field, { y0: [1], ts: [0, 3], solver, stepSize });
    return Math.abs(ys[1]! - Math.cos(3));
  };

  it.each([-10, -20, -30, -50])("loses less order to λ = %d than others of as many evaluations", (lambda) => {
    const own = error(stabilized6, lambda, 0.1);
    for (const other of [cashKarp, dopri5, tsit5]) expect(own).toBeLessThan(0.4 * error(other, lambda, 0.06));
  });

  it("goes on to λ = −120 with steps of 0.1, where they have left their stability domains", () => {
    expect(error(stabilized6, -120, 0.1)).toBeLessThan(1e-3);
    for (const other of [cashKarp, dopri5, tsit5]) expect(error(other, -120, 0.06)).toBeGreaterThan(1e6);
  });
});
