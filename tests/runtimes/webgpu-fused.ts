// The fused network against the float64 kernels of the core: its value and its VJP by state, parameters and time, in one
// step of Euler's method, at sizes that leave every kind of remainder of its tiles.
import { distance } from "./measure.ts";
import { type Bench, RESIDENCIES } from "./webgpu-problem.ts";

const ACTIVATIONS = ["identity", "tanh", "relu", "softplus", "sigmoid", "silu", "elu", "gelu"] as const;
/** Layers and rows. The last has its gradient summed in parts. */
const SIZES: [number[], number][] = [
  [[2, 2], 1],
  [[3, 7, 3], 7],
  [[7, 33, 64, 7], 33],
  [[33, 100, 5, 33], 64],
  [[64, 1, 100, 7, 64], 100],
  [[3, 65, 3], 333],
];

/** Numbers in ±size, the same in both precisions. */
function numbers(count: number, size: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return size * (2 ** -31 * state - 1);
  });
}

/** Relative errors of one case, by what they are of. */
async function errorsOf(
  { odegrad, onGpu, gpu }: Bench,
  network: { layers: number[]; activation: (typeof ACTIVATIONS)[number]; time: boolean },
  batch: number,
  kernels: "fused" | "tfjs",
  residency: (typeof RESIDENCIES)[number],
): Promise<Record<string, number>> {
  const length = batch * network.layers[0]!;
  const cotangent = numbers(2 * length, 1, 7).fill(0, 0, length);
  const euler = { ts: [0.6, 1.1], solver: odegrad.euler, stepSize: 1, adjoint: odegrad.backprop() };
  const options = { ...euler, y0: numbers(length, 1, 5) };
  const count = odegrad.mlp(network).params.length;
  // Arguments of some size, so that the activations are not all linear.
  const params = numbers(count, 1, 3);
  const exact = odegrad.solve(odegrad.mlp({ ...network, params, dtype: "float64" }), options);
  const wanted = exact.pullback(cotangent, { times: true });
  const solution = await odegrad.solve(onGpu.mlp({ ...network, params, kernels, device: gpu }), {
    ...options,
    residency,
  });
  const got = await solution.pullback(cotangent, { times: true });
  solution.dispose();
  return {
    ys: distance(solution.ys, exact.ys),
    y0: distance(got.y0, wanted.y0),
    params: distance(got.params, wanted.params),
    ts: distance(got.ts!, wanted.ts!),
  };
}

/** With states in memory and on the GPU by turns: every size, and every activation with time as an input, on the fused kernels; the latter on tfjs's too. */
export async function networks(bench: Bench): Promise<string> {
  const worst: Record<string, number> = {};
  const check = async (layers: number[], batch: number, kind: number, time: boolean, kernels: "fused" | "tfjs") => {
    const activation = ACTIVATIONS[kind % ACTIVATIONS.length]!;
    const residency = RESIDENCIES[kind % 2]!;
    const errors = await errorsOf(bench, { layers, activation, time }, batch, kernels, residency);
    for (const [of, error] of Object.entries(errors)) {
      // The gradient by times is one sum over everything, in which much cancels.
      if (!(error < (of === "ts" ? 1e-4 : 2e-6)))
        throw new Error(`${kernels}, ${residency}, ${layers} × ${batch}, ${activation}: error ${error} of ${of}`);
      worst[of] = Math.max(worst[of] ?? 0, error);
    }
  };
  for (const [i, [layers, batch]] of SIZES.entries()) {
    await check(layers, batch, i + 1, i % 2 === 1, "fused");
  }
  for (const i of ACTIVATIONS.keys()) await check([2, 7, 2], 6, i, true, "fused");
  for (const i of ACTIVATIONS.keys()) await check([2, 7, 2], 6, i, true, "tfjs");
  return `errors up to ${Object.entries(worst).map(([of, error]) => `${error.toExponential(1)} (${of})`)}`;
}
