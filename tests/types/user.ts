// What users write in strict TypeScript, against the types of the package as it is installed: `npm run check` compiles it,
// without skipLibCheck and without Node's types.
import {
  type AsyncField,
  type AsyncSteps,
  type Dtype,
  type FieldFunction,
  type FloatArray,
  type Mlp,
  type MlpOptions,
  mlp,
  pid,
  type Solution,
  type SolutionJson,
  type SolveOptions,
  type Steps,
  solve,
  steps,
  symplectic,
  tsit5,
  vectorField,
} from "odegrad";
import { compiled } from "odegrad/compiled";

const lorenz: FieldFunction = (_t, [x, y, z], dy) => {
  dy[0] = 10 * (y - x);
  dy[1] = x * (28 - z) - y;
  dy[2] = x * y - (8 / 3) * z;
};
export const between: Float64Array = solve(lorenz, { y0: [1, 1, 1], ts: [0, 5, 10], dense: true }).at(7.25);

export const inline: Solution<Float64Array> = solve(
  (_t, [x, y, z], dy) => {
    dy[0] = 10 * (y - x);
    dy[1] = x * (28 - z) - y;
    dy[2] = x * y - (8 / 3) * z;
  },
  { y0: [1, 1, 1], ts: [0, 1] },
);

export const returned: Float64Array = solve((_t, y) => [y[1]!, -y[0]!], { y0: [1, 0], ts: [0, 1] }).ys;

export const withParams: Float64Array = solve(
  (_t, y, dy, { k }: { k: number }) => {
    dy[0] = -k * y[0]!;
  },
  { y0: [1], ts: [0, 1], params: { k: 2 } },
).ys;

export async function later(): Promise<Float64Array> {
  const solution = await solve(
    async (_t, y, dy) => {
      dy[0] = -y[0]!;
    },
    { y0: [1], ts: [0, 1] },
  );
  return solution.ys;
}

const network = mlp({ layers: [2, 8, 2] });
export const called: Float32Array = network(0.5, 1);
export const batch: Float32Array = network.evaluate(0, [1, 2, 3, 4]);
export const filled: Float64Array = network.evaluate(0, [1, 2], new Float64Array(2));
export const precise: Float64Array = mlp({ layers: [1, 1], dtype: "float64" })([1]);
export const driven: Float32Array = solve(mlp({ layers: [2, 2], inputs: 1 }), {
  y0: [1, 0],
  ts: [0, 1],
  inputs: (t, out) => {
    out[0] = Math.sin(t);
  },
}).ys;
export const gradient: Float32Array = solve(network, {
  y0: [1, 0],
  ts: [0, 1],
  solver: tsit5,
  adjoint: symplectic(),
}).pullback([0, 0, 1, 1]).params;

const decay = vectorField({
  f: (_t, y, dy, p) => {
    dy[0] = -p[0]! * y[0]!;
  },
  vjp: (_t, y, p, v, out) => {
    out.y[0]! -= p[0]! * v[0]!;
    out.params[0]! -= y[0]! * v[0]!;
  },
  params: [1],
});
export const own: Float64Array = solve(decay, { y0: [1], ts: [0, 1], adjoint: symplectic() }).pullback([0, 1]).y0;

// What types of networks, fields and steps are called.
export function energies(net: Mlp, options: MlpOptions, dtype: Dtype): FloatArray {
  return options.layers.length > net.layers.length && dtype === "float64" ? net.params : net.evaluate(0, [1, 0]);
}

const undefinedOptions: SolveOptions = {
  y0: [1],
  ts: [0, 1],
  solver: undefined,
  rtol: undefined,
  events: undefined,
  onStep: undefined,
  signal: undefined,
  controller: pid({ p: undefined }),
};
export const defaults: Solution = solve(mlp({ layers: [1, 1], seed: undefined, dtype: undefined }), undefinedOptions);
export const states: Float64Array = solve(lorenz, { y0: [1, 1, 1], ts: [0, 1] }).state(-1);
export const json: SolutionJson = inline.toJSON();

/** What most people write first. */
const pendulum = (_t: number, y: number[]): number[] => [y[1]!, -Math.sin(y[0]!)];
export const swung: FloatArray = solve(pendulum, { y0: [1, 0], ts: [0, 1] }).y;

export function live(): number {
  let x = 0;
  const loop: Steps<Float64Array> = steps(lorenz, { y0: [1, 1, 1], ts: [0, Number.POSITIVE_INFINITY] });
  for (const { t, h, y, at } of loop) {
    const between: Float64Array = at(t - h / 2);
    x = y[0]! + between[0]!;
    if (t > 10) break;
  }
  return loop.status === "left" ? x : loop.events.length;
}

export async function liveLater(field: AsyncField): Promise<number> {
  const loop: AsyncSteps = steps(field, { y0: [1], ts: [0, 1] });
  for await (const { t, at } of loop) if (t > 0.5) return (await at(t))[0]!;
  return Number.NaN;
}

const hare = compiled(
  (_t, [x, y], dy, { a, b }) => {
    dy[0] = a * x! - b * x! * y!;
    dy[1] = b * x! * y! - y!;
  },
  { params: { a: 1, b: 2 } },
);
export const fitted: Float64Array = solve(hare, { y0: [1, 1], ts: [0, 1], params: { a: 2, b: 1 } }).ys;
