// Random equations that call networks, one inside the other and behind conditions: their derivatives against differences, of one
// row and of several, and no NaN from a way that is not taken.
import { expect, it } from "vitest";
import { compiled, type EquationFunction } from "../../../ts/compiled/index.ts";
import { backprop, checkDerivatives, mlp, solve } from "../../../ts/index.ts";

/** Where conditions change: states keep away, since differences must not cross them. */
const EDGES = [0.31, -0.27, 0.05];
const ACTIVATIONS = ["tanh", "softplus", "gelu", "silu", "sigmoid"] as const;

/** Reproducible numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The text of an equation of y, t and p[0] with networks a, of two numbers, and b, of one and perhaps t. */
function equation(next: () => number, timed: boolean): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const names = ["y[0]", "y[1]", "t", "p[0]"];
  const made = (depth: number): string => {
    if (depth === 0) return pick([...names, "0.5", "1.5"]);
    const part = (): string => made(depth - 1);
    return pick([
      () => `(${part()} ${pick(["+", "-", "*"])} ${part()})`,
      () => `Math.sin(${part()})`,
      () => `Math.exp(-((${part()}) ** 2))`,
      () => `a(${part()}, ${part()})[${pick([0, 1])}]`,
      () => `b(${part()}${timed ? `, ${part()}` : ""})[0]`,
      () => `(${pick(["y[0]", "y[1]", "t"])} > ${pick(EDGES)} ? ${part()} : ${part()})`,
      () => {
        const own = pick(["y[0]", "y[1]"]);
        return `(${own} > 0.05 ? a(Math.log(${own}), ${part()})[0] : ${part()})`;
      },
    ])();
  };
  const first = `const v = ${made(2)};`;
  names.push("v");
  const second = `const [u, w] = a([${made(1)}, ${made(1)}]);`;
  names.push("u", "w");
  return `(t, y, dy, p) => { ${first} ${second} dy[0] = ${made(2)}; dy[1] = ${made(2)}; }`;
}

it.each(Array.from({ length: 30 }, (_, seed) => seed))("equation %i", async (seed) => {
  const next = random(seed);
  const activation = ACTIVATIONS[seed % ACTIVATIONS.length]!;
  const a = mlp({ layers: [2, 4, 2], dtype: "float64", seed, activation });
  const b = mlp({ layers: [1, 3, 1], dtype: "float64", seed: seed + 1, time: seed % 2 === 0 });
  const text = equation(next, b.time);
  const f = new Function("a", "b", `return ${text}`)(a, b) as EquationFunction<Float64Array>;
  const field = compiled(f, { params: [0.7], uses: () => ({ a, b }), dim: 2 });
  const away = (): number => {
    const value = 2 * next() - 1;
    return EDGES.some((edge) => Math.abs(value - edge) < 0.02) ? away() : value;
  };
  for (const rows of [1, 2, 3]) {
    const found = await checkDerivatives(field, { t: 0.4, y: Array.from({ length: 2 * rows }, away) });
    expect(found.vjp, text).toBeLessThan(1e-6);
    expect(found.jvp, text).toBeLessThan(1e-6);
  }
  const options = { y0: [0.3, -0.2, 0.5, 0.1], ts: [0, 0.2], stepSize: 0.1, adjoint: backprop() };
  const gradients = solve(field, options).pullback([1, 1, 1, 1, 1, 1, 1, 1]);
  expect([...gradients.y0, ...gradients.params].every(Number.isFinite)).toBe(true);
});
