// Solves whose states stay on the GPU: how seldom the CPU waits for it, what is left behind, every way to measure errors,
// and failures, which show late.
import { assert, distance } from "./measure.ts";
import { type Bench, codeOf, cotangent, fourSteps, NETWORK, type Odegrad, RESIDENCIES, y0 } from "./webgpu-problem.ts";

// isFinite(f), two norms, and one more after the evaluation between them.
const INITIAL_READBACKS = 4;
const RESULT_READBACKS = 1;

/** One readback an attempted step, one at the end, and those of the initial step. */
async function adaptiveReadbacks({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const options = { y0, ts: [0, 0.1, 0.5, 1], solver: odegrad.dopri5, rtol: 1e-4, atol: 1e-6 };
  const expected = odegrad.solve(odegrad.mlp(NETWORK), options);
  const before = gpu.counts.readbacks;
  const { ys, stats } = await odegrad.solve(onGpu.mlp({ ...NETWORK, device: gpu }), options);
  const readbacks = gpu.counts.readbacks - before;
  const error = distance(ys, expected.ys);
  assert(error < 1e-4, `relative difference ${error}`);
  const allowed = stats.steps + INITIAL_READBACKS + RESULT_READBACKS;
  assert(readbacks === allowed, `${readbacks} readbacks for ${stats.steps} steps instead of ${allowed}`);
  return `${readbacks} readbacks for ${stats.steps} steps and ${stats.evaluations} evaluations`;
}

/** A second fixed-step solve and its gradient wait once each, create no buffer, and leave nothing behind. */
async function fixedSteps({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const { device, tf, pool, counts } = gpu;
  const field = onGpu.mlp({ ...NETWORK, device: gpu });
  const options = { ...fourSteps(odegrad), ts: [0, 0.5, 1] };
  const weights = Float32Array.of(...cotangent, ...y0);
  for (const adjoint of [odegrad.backprop(), odegrad.symplectic(), odegrad.checkpointed({ checkpoints: 2 })]) {
    const run = async () => {
      const solution = await odegrad.solve(field, { ...options, adjoint });
      const middle = counts.readbacks;
      await solution.pullback(weights);
      solution.dispose();
      return middle;
    };
    await run();
    const tensors = tf.memory().numTensors;
    const { createBuffer } = device;
    let created = 0;
    device.createBuffer = function (this: GPUDevice, descriptor: GPUBufferDescriptor) {
      created++;
      return createBuffer.call(this, descriptor);
    };
    const before = counts.readbacks;
    let middle: number;
    try {
      middle = await run();
    } finally {
      device.createBuffer = createBuffer;
    }
    const { name } = adjoint;
    assert(middle - before === 1, `${name}: ${middle - before} readbacks forward`);
    assert(counts.readbacks - middle === 1, `${name}: ${counts.readbacks - middle} readbacks backward`);
    assert(created === 0, `${name}: ${created} GPU buffers created after warm-up`);
    assert(tf.memory().numTensors === tensors, `${name}: ${tf.memory().numTensors - tensors} tensors left behind`);
    assert(pool.lent === 0, `${name}: ${pool.lent} buffers not given back`);
  }
  return "1 readback forward and 1 backward for 2 outputs, no buffer created after warm-up, nothing left behind";
}

/** 40 steps of Euler's method as one of a Runge–Kutta method, the error being that against one step. */
function manyStages({ rungeKutta }: Odegrad) {
  const stages = Array.from({ length: 40 }, (_, i) => i);
  const b = stages.map(() => 1 / stages.length);
  const error = b.map((weight, i) => weight - (i === 0 ? 1 : 0));
  const a = stages.map((i) => b.slice(0, i));
  return rungeKutta({ name: "many", order: 1, embeddedOrder: 1, a, b, c: stages.map((i) => i / stages.length), error });
}

/** The norms, per-component tolerances, parts left out, and an error estimate of two parts. */
async function measures({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const network = { layers: [2, 16, 2], seed: 3 };
  const half = y0.length / 2;
  const cases = {
    max: { norm: "max" },
    tolerances: { rtol: [1e-3, 1e-4], atol: [1e-5, 1e-6] },
    segments: {
      norm: [
        { length: half, weight: 0 },
        { length: half, weight: 2 },
      ],
    },
    dop853: { solver: odegrad.dop853, rtol: 1e-5 },
    // Smaller first steps have an error that is mostly rounding, in which the two differ.
    stages: { solver: manyStages(odegrad), firstStep: 0.02 },
  } as const;
  let worst = 0;
  for (const [name, special] of Object.entries(cases)) {
    const options = { y0, ts: [0, 2], solver: odegrad.bosh3, rtol: 1e-3, atol: 1e-5, ...special };
    const expected = odegrad.solve(odegrad.mlp(network), options);
    const { ys, stats } = await odegrad.solve(onGpu.mlp({ ...network, device: gpu }), options);
    const error = distance(ys, expected.ys);
    assert(error < 1e-5, `${name}: relative difference ${error}`);
    const { steps } = expected.stats;
    assert(stats.steps === steps, `${name}: ${stats.steps} steps instead of ${steps}`);
    worst = Math.max(worst, error);
  }
  return `the steps of the CPU, relative differences up to ${worst.toExponential(1)}`;
}

/** y' = y² ends at t = 1/y0: fixed steps end in numbers that are not finite, adaptive ones before. */
async function blowUp({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const field = onGpu.tfjsField((_t, y) => gpu.tf.square(y), {
    shape: [1],
    vjp: (_t, y, _weights, bar) => ({ y: gpu.tf.mul(gpu.tf.add(y, y), bar) }),
  });
  const options = { y0: [1], ts: [0, 0.5, 8, 9], solver: odegrad.rk4, stepSize: 0.125 };
  const thrown = await codeOf(odegrad, odegrad.solve(field, options));
  assert(thrown.startsWith("non-finite: at t = 0.5"), thrown);
  const adjoint = odegrad.symplectic();
  const partial = await odegrad.solve(field, { ...options, adjoint, onFailure: "return" });
  const whole = odegrad.solve(
    (_t, y, dy) => {
      dy[0] = y[0] * y[0];
    },
    { ...options, ts: [0, 0.5] },
  );
  assert(partial.status === "non-finite", `status ${partial.status}`);
  assert(distance(partial.ys, whole.ys) < 1e-6, `outputs ${partial.ys} instead of ${whole.ys}`);
  assert(partial.grid.length === 5, `a grid of ${partial.grid.length} times`);
  // y(t) = y0 / (1 − y0 t), so ∂y(0.5)/∂y0 = 1 / (1 − 0.5)².
  const { y0: gradient } = await partial.pullback([0, 1]);
  assert(Math.abs(gradient[0] - 4) < 1e-3, `gradient ${gradient}`);
  partial.dispose();
  // Of a pair, too, whose second half no output shows; and where nothing at all was reached.
  const pair = { ...options, solver: odegrad.reversible(odegrad.rk4), adjoint: odegrad.reverse() };
  const half = await odegrad.solve(field, { ...pair, onFailure: "return" });
  const halfGradient = (await half.pullback([0, 1])).y0[0];
  assert(half.status === "non-finite" && Math.abs(halfGradient - 4) < 1e-3, `${half.status}, gradient ${halfGradient}`);
  half.dispose();
  const none = await odegrad.solve(field, { ...pair, ts: [0, 8], onFailure: "return" });
  const noneGradient = (await none.pullback([3])).y0[0];
  assert(none.grid.length === 1 && none.ys[0] === 1 && noneGradient === 3, `gradient ${noneGradient} of the start`);
  none.dispose();
  // Given steps with outputs inside them.
  const grid = [0, 0.25, 0.5, 4, 8];
  const inside = { y0: [1], ts: [0, 0.3, 0.6, 8], grid, solver: odegrad.dopri5, adjoint: odegrad.backprop() };
  const cut = await odegrad.solve(field, { ...inside, onFailure: "return" });
  assert(cut.status === "non-finite" && `${cut.grid}` === "0,0.25", `${cut.status}, grid ${cut.grid}`);
  assert(cut.ts.length === 1 && (await cut.pullback([2])).y0[0] === 2, `outputs at ${cut.ts}`);
  cut.dispose();
  // What error control gave up on may have gone beyond the last output: the way back starts from where it was.
  const early = {
    y0,
    ts: [0, 0.5, 50],
    solver: odegrad.reversible(odegrad.dopri5),
    maxSteps: 8,
    onFailure: "return" as const,
    adjoint: odegrad.reverse(),
  };
  const network = { layers: [2, 8, 2], seed: 4 };
  const wanted = odegrad.solve(odegrad.mlp(network), early);
  const got = await odegrad.solve(onGpu.mlp({ ...network, device: gpu }), early);
  assert(got.status === "max-steps" && got.ys.length === wanted.ys.length, `${got.status}, ${got.ys.length} numbers`);
  const weights = Float32Array.from(wanted.ys, (_, i) => Math.cos(i));
  const gap = distance((await got.pullback(weights)).y0, wanted.pullback(weights).y0);
  got.dispose();
  assert(gap < 1e-4, `the gradient of the part that was reached differs by ${gap}`);
  const adaptive = await codeOf(odegrad, odegrad.solve(field, { y0: [1], ts: [0, 2], maxSteps: 40 }));
  assert(/^(max-steps|non-finite|step-underflow)/.test(adaptive), adaptive);
  assert(gpu.pool.lent === 0, `${gpu.pool.lent} buffers not given back`);
  return `${thrown.slice(0, 60)}…; adaptive: ${adaptive.slice(0, 20)}…`;
}

/** `onStep` sees each state; a solution that was disposed of says so; what needs states in memory has them there. */
async function access({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const field = onGpu.mlp({ layers: [2, 4, 2], device: gpu });
  const seen: number[] = [];
  const onStep = ({ t, y }: { t: number; y: ArrayLike<number> }) => seen.push(t, y.length);
  const options = { ...fourSteps(odegrad), adjoint: odegrad.backprop() };
  const solution = await odegrad.solve(field, { ...options, onStep });
  assert(seen.join() === "0.25,128,0.5,128,0.75,128,1,128", `steps ${seen}`);
  const first = (await solution.pullback(cotangent)).params;
  assert(distance((await solution.pullback(cotangent)).params, first) === 0, "a second pullback differs");
  solution.dispose();
  solution.dispose();
  const gone = await codeOf(odegrad, (async () => solution.pullback(cotangent))());
  assert(gone.startsWith("invalid") && gone.includes("disposed"), gone);
  const dense = await odegrad.solve(field, { y0, ts: [0, 1], dense: true });
  assert(dense.at(0.5).length === y0.length, "no dense output");
  const refused = await codeOf(
    odegrad,
    (async () => odegrad.solve(field, { y0, ts: [0, 1], dense: true, residency: "device" }))(),
  );
  assert(refused.startsWith("invalid: residency"), refused);
  return "a state a step, the same gradient twice, an error after dispose";
}

/** The continuous adjoint of a field that depends on time: gradients by the output times, a_θ in the state or apart. */
async function continuous({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const network = { layers: [2, 8, 2], time: true, seed: 5 };
  let worst = 0;
  for (const quadrature of [false, true]) {
    const adjoint = odegrad.continuous({ quadrature });
    const options = { ...fourSteps(odegrad), ts: [0, 0.5, 1], adjoint };
    const weights = Float32Array.of(...y0, ...cotangent);
    const wanted = odegrad.solve(odegrad.mlp(network), options).pullback(weights, { times: true });
    for (const residency of RESIDENCIES) {
      const field = onGpu.mlp({ ...network, device: gpu });
      const solution = await odegrad.solve(field, { ...options, residency });
      const got = await solution.pullback(weights, { times: true });
      solution.dispose();
      for (const of of ["y0", "params", "ts"] as const) {
        const error = distance(got[of]!, wanted[of]!);
        assert(error < 1e-5, `${residency}, quadrature ${quadrature}: error ${error} of ${of}`);
        worst = Math.max(worst, error);
      }
    }
  }
  return `relative differences up to ${worst.toExponential(1)}`;
}

/** A solve that nobody watches is heard to be aborted all the same. */
async function abortion({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const controller = new AbortController();
  const field = onGpu.mlp({ layers: [2, 4, 2], device: gpu });
  setTimeout(() => controller.abort(new Error("enough")), 0);
  const options = { y0, ts: [0, 100], solver: odegrad.rk4, stepSize: 0.01, signal: controller.signal };
  const code = await codeOf(odegrad, odegrad.solve(field, { ...options, adjoint: odegrad.backprop() }));
  assert(code.startsWith("aborted"), code);
  assert(gpu.pool.lent === 0, `${gpu.pool.lent} buffers not given back`);
  return "aborted, nothing left behind";
}

export const ON_DEVICE: Record<string, (bench: Bench) => Promise<string>> = {
  "states on the GPU, adaptive steps": adaptiveReadbacks,
  "states on the GPU, fixed steps": fixedSteps,
  "states on the GPU, norms": measures,
  "states on the GPU, blow-up": blowUp,
  "states on the GPU, access": access,
  "states on the GPU, continuous adjoint": continuous,
  "states on the GPU, abortion": abortion,
};
