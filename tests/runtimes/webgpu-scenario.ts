// What fields on the GPU must do in every runtime: agree with the WebAssembly ones for every adjoint, wait for the GPU no
// more often than they evaluate, leave no buffer and no tensor behind, and fail with an error that says why. The adapter
// is mostly a software one and slow, so everything here is small.

import { train } from "../../examples/gpu/training.ts";
import { assert, distance } from "./measure.ts";
import type { Check } from "./scenario.ts";
import { compiledShaders } from "./webgpu-compiled.ts";
import { ON_DEVICE } from "./webgpu-device.ts";
import { FIXTURES } from "./webgpu-fixtures.ts";
import { networks } from "./webgpu-fused.ts";
import {
  type Bench,
  codeOf,
  cotangent,
  fourSteps,
  type Gpu,
  NETWORK,
  type Packages,
  RESIDENCIES,
  y0,
} from "./webgpu-problem.ts";

/** Solution and gradient of a 2→64→64→2 network against the WebAssembly kernels. */
const gradientBy =
  (name: "backprop" | "checkpointed" | "symplectic" | "continuous" | "reverse", kernels: "fused" | "tfjs" = "fused") =>
  async ({ odegrad, onGpu, gpu }: Bench): Promise<string> => {
    const solver = name === "reverse" ? odegrad.reversible(odegrad.rk4) : odegrad.rk4;
    const adjoint = name === "checkpointed" ? odegrad.checkpointed({ checkpoints: 2 }) : odegrad[name]();
    const options = { ...fourSteps(odegrad), solver, adjoint };
    const expected = odegrad.solve(odegrad.mlp(NETWORK), options);
    const wanted = expected.pullback(cotangent);
    const texts: string[] = [];
    for (const residency of RESIDENCIES) {
      const solution = await odegrad.solve(onGpu.mlp({ ...NETWORK, kernels, device: gpu }), { ...options, residency });
      const got = await solution.pullback(cotangent);
      solution.dispose();
      const errors = {
        ys: distance(solution.ys, expected.ys),
        y0: distance(got.y0, wanted.y0),
        params: distance(got.params, wanted.params),
      };
      const text = Object.entries(errors).map(([of, error]) => `${error.toExponential(1)} (${of})`);
      texts.push(`${residency}: ${text.join(", ")}`);
      assert(
        Object.values(errors).every((error) => error < 1e-4),
        `relative differences, ${texts.join("; ")}`,
      );
    }
    return `relative differences, ${texts.join("; ")}`;
  };

/** An adaptive solve takes the same steps as on the CPU, or nearly. */
async function adaptive({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const options = {
    y0,
    ts: [0, 0.5, 1],
    solver: odegrad.dopri5,
    rtol: 1e-3,
    atol: 1e-5,
    residency: "host" as const,
  };
  const expected = odegrad.solve(odegrad.mlp(NETWORK), options);
  const before = gpu.counts.readbacks;
  const { ys, stats } = await odegrad.solve(onGpu.mlp({ ...NETWORK, device: gpu }), options);
  const error = distance(ys, expected.ys);
  const readbacks = gpu.counts.readbacks - before;
  assert(error < 1e-4, `relative difference ${error}`);
  assert(readbacks === stats.evaluations, `${readbacks} readbacks for ${stats.evaluations} evaluations`);
  return `relative difference ${error.toExponential(1)}, ${stats.steps} steps, ${readbacks} readbacks`;
}

/** A function of tensors with a VJP by hand: y' = y A + sin t. */
async function ownFunction({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const { tf } = gpu;
  type Matrix = import("@tensorflow/tfjs-core").Tensor2D;
  const field = onGpu.tfjsField((t, y, a) => tf.add(tf.matMul(y as Matrix, a as Matrix), tf.sin(t)), {
    shape: [2],
    weights: [{ shape: [2, 2], values: [-0.1, 2, -2, -0.1] }],
    vjp: (t, y, [a], bar) => ({
      y: tf.matMul(bar as Matrix, a as Matrix, false, true),
      weights: [tf.matMul(y as Matrix, bar as Matrix, true, false)],
      t: tf.mul(tf.sum(bar), tf.cos(t)),
    }),
  });
  const ts = [0, 0.5];
  const options = { y0: [1, 2, -1, 0.5], ts, solver: odegrad.rk4, stepSize: 0.125 };
  const solution = await odegrad.solve(field, { ...options, adjoint: odegrad.backprop() });
  const weights = [0, 0, 0, 0, 1, 2, -1, 0.5];
  const { params } = await solution.pullback(weights);
  solution.dispose();
  const loss = (a: number[]): number => {
    const f = (t: number, y: Float64Array, dy: Float64Array) => {
      for (let i = 0; i < 4; i += 2) {
        for (let j = 0; j < 2; j++) dy[i + j] = y[i] * a[j] + y[i + 1] * a[2 + j] + Math.sin(t);
      }
    };
    const { ys } = odegrad.solve(f, options);
    return weights.reduce((sum, weight, i) => sum + weight * ys[i], 0);
  };
  const start = [-0.1, 2, -2, -0.1];
  const differences = start.map((_, i) => {
    const moved = (by: number) => loss(start.map((value, j) => (i === j ? value + by : value)));
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
  const error = distance(params, differences);
  assert(error < 1e-4, `relative difference ${error}`);
  return `agrees with central differences to ${error.toExponential(1)}`;
}

/** Readbacks, buffers and tensors, counted over a second solve and its gradient. */
async function economy({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const { device, tf, pool, counts } = gpu;
  const field = onGpu.mlp({ ...NETWORK, device: gpu });
  const run = async () => {
    const solution = await odegrad.solve(field, {
      ...fourSteps(odegrad),
      adjoint: odegrad.symplectic(),
      residency: "host",
    });
    const forward = counts.readbacks;
    const { stats } = await solution.pullback(cotangent);
    return { forward, evaluations: solution.stats.evaluations, stats };
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
  let ran: Awaited<ReturnType<typeof run>>;
  try {
    ran = await run();
  } finally {
    device.createBuffer = createBuffer;
  }
  const { forward, evaluations, stats } = ran;
  const ahead = forward - before;
  const back = counts.readbacks - forward;
  // Backwards every evaluation is one of a stage or within a VJP; one more reads the gradient of the parameters.
  const expected = stats.evaluations + 1;
  assert(ahead === evaluations, `${ahead} readbacks for ${evaluations} evaluations`);
  assert(back === expected, `${back} readbacks backwards instead of ${expected}`);
  assert(created === 0, `${created} GPU buffers created after warm-up`);
  assert(tf.memory().numTensors === tensors, `${tf.memory().numTensors - tensors} tensors left behind`);
  assert(pool.lent === 0, `${pool.lent} buffers not given back`);
  return `${ahead} readbacks forward, ${back} backward, no buffer created after warm-up, no tensor left`;
}

/** Solves at once on one device do not disturb each other. */
async function together({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const options = { ...fourSteps(odegrad), adjoint: odegrad.backprop() };
  const gradient = async (seed: number) => {
    const field = onGpu.mlp({ layers: [2, 16, 2], seed, device: gpu });
    const solution = await odegrad.solve(field, options);
    const { params } = await solution.pullback(cotangent);
    solution.dispose();
    return params;
  };
  const alone = [await gradient(0), await gradient(1), await gradient(2)];
  const atOnce = await Promise.all([gradient(0), gradient(1), gradient(2)]);
  alone.forEach((params, i) => assert(distance(atOnce[i], params) === 0, `solve ${i} differs`));
  return "three solves and gradients at once equal those one by one";
}

/** An aborted solve ends within one evaluation and gives everything back. */
async function abortion({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const { tf, pool } = gpu;
  const tensors = tf.memory().numTensors;
  const controller = new AbortController();
  const field = onGpu.mlp({ layers: [2, 16, 2], device: gpu });
  let steps = 0;
  const onStep = () => {
    steps++;
    setTimeout(() => controller.abort(new Error("enough")), 0);
  };
  const options = { y0, ts: [0, 100], solver: odegrad.rk4, stepSize: 0.1, signal: controller.signal, onStep };
  const code = await codeOf(odegrad, odegrad.solve(field, options));
  assert(code.startsWith("aborted"), code);
  await gpu.device.queue.onSubmittedWorkDone();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert(tf.memory().numTensors === tensors, `${tf.memory().numTensors - tensors} tensors left behind`);
  assert(pool.lent === 0, `${pool.lent} buffers not given back`);
  return `aborted after ${steps} steps, nothing left behind`;
}

/** What the GPU refuses ends the solve. */
async function refusedWork({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const field = onGpu.tfjsField(
    (_t, y) => {
      // Both kinds of mapping at once are not allowed.
      gpu.device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.MAP_WRITE });
      return y;
    },
    { shape: [2] },
  );
  const code = await codeOf(odegrad, odegrad.solve(field, { y0: [1, 2], ts: [0, 1] }));
  assert(code.startsWith("invalid") && gpu.pool.lent === 0, `${code}; ${gpu.pool.lent} buffers not given back`);
  return code;
}

/** A lost device ends the solve; a new one can be had. */
async function lostDevice({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const field = onGpu.mlp({ layers: [2, 16, 2], device: gpu });
  let steps = 0;
  const onStep = () => {
    if (++steps === 2) gpu.device.destroy();
  };
  const options = { y0, ts: [0, 100], solver: odegrad.rk4, stepSize: 0.1, onStep };
  const code = await codeOf(odegrad, odegrad.solve(field, options));
  assert(code.startsWith("device-lost"), code);
  const again = await codeOf(odegrad, odegrad.solve(field, options));
  assert(again.startsWith("device-lost"), again);
  const next = await onGpu.webgpu();
  const { ys } = await odegrad.solve(onGpu.mlp({ layers: [2, 4, 2], device: next }), { y0, ts: [0, 0.5] });
  assert(ys.every(Number.isFinite), "no numbers on the new device");
  next.dispose();
  return `${code}; the next device works`;
}

/** The fixtures of tests/golden: fixed steps against torchdiffeq's on the same steps, others against the ODE itself. */
async function golden({ odegrad, onGpu, gpu }: Bench): Promise<string> {
  const { bosh3, dopri5, euler, heun, midpoint } = odegrad;
  const solvers = { euler, midpoint, adaptive_heun: heun, bosh3, dopri5, dopri8: odegrad.dop853 };
  const within: string[] = [];
  for (const { problem, method, rtol, atol, step_size, loss_weights, forward, backprop, exact } of FIXTURES) {
    const { dims, timeInput, act, weights, biases, y0, t } = problem;
    const field = onGpu.mlp({
      layers: [dims[0]! - (timeInput ? 1 : 0), ...dims.slice(1)],
      time: timeInput,
      activation: act as "tanh",
      params: weights.flatMap((w, i) => [...w.flat(), ...biases[i]!]),
      device: gpu,
    });
    // Single precision reaches no finer tolerances.
    const tolerance = Math.max(rtol, 1e-5);
    const steps = step_size === null ? { rtol: tolerance, atol: Math.max(atol, 1e-6) } : { stepSize: step_size };
    const solver = solvers[method as keyof typeof solvers];
    const solution = await odegrad.solve(field, {
      y0: y0.flat(),
      ts: t,
      solver,
      adjoint: odegrad.backprop(),
      ...steps,
    });
    const gradient = await solution.pullback(loss_weights.flat(2), { times: true });
    solution.dispose();
    const same = step_size !== null;
    const ys = distance(solution.ys, (same ? forward : exact).y.flat(2));
    const bars = [
      distance(gradient.y0, (same ? backprop : exact).gy0.flat()),
      distance(gradient.params, (same ? backprop : exact).gtheta),
      ...(same ? [] : [distance(gradient.ts!, exact.gt)]),
    ];
    const text = `${method}, rtol ${rtol}: ${[ys, ...bars].map((error) => error.toExponential(1)).join(", ")}`;
    const most = same ? [2e-6, 2e-5] : [20 * tolerance, 200 * tolerance];
    assert(ys < most[0] && bars.every((bar) => bar < most[1]), `${text}; allowed ${most}`);
    within.push(text);
  }
  return within.join("; ");
}

/** The example trains: the mean loss of the last steps is below that of the first. */
async function training({ gpu }: Bench): Promise<string> {
  const losses = await train(gpu, 20, () => {});
  const mean = (part: number[]): number => part.reduce((sum, loss) => sum + loss, 0) / part.length;
  const [first, last] = [mean(losses.slice(0, 10)), mean(losses.slice(10))];
  assert(last < 0.5 * first, `mean squared error ${first}, ten steps later ${last}`);
  return `mean squared error ${first.toExponential(1)}, ten steps later ${last.toExponential(1)}`;
}

/** What runtimes do each in their own way: finding a device, reading back, giving up, losing it. The rest is the library's. */
const RUNTIMES_OWN: ReadonlySet<string> = new Set([
  "backprop on the GPU",
  "readbacks, buffers and tensors",
  "an aborted solve",
  "work that the GPU refuses",
  "a lost device",
]);

/** The checks, all of them or those of what is the runtime's own; or why there is no GPU to run them on. */
export async function scenario(packages: Packages, which: "all" | "runtime's own"): Promise<Check[] | string> {
  let gpu: Gpu;
  try {
    gpu = await packages.onGpu.webgpu();
  } catch (error) {
    if (error instanceof packages.odegrad.SolveError) return error.message;
    throw error;
  }
  const checks: Record<string, (bench: Bench) => Promise<string>> = {
    "backprop on the GPU": gradientBy("backprop"),
    "backprop on the GPU, by tfjs": gradientBy("backprop", "tfjs"),
    "checkpointed on the GPU": gradientBy("checkpointed"),
    "symplectic on the GPU": gradientBy("symplectic"),
    "continuous on the GPU": gradientBy("continuous"),
    "reverse on the GPU": gradientBy("reverse"),
    "adaptive steps": adaptive,
    ...ON_DEVICE,
    "networks of all shapes": networks,
    "a tfjs function with its VJP": ownFunction,
    "compiled fields in shaders": compiledShaders,
    "readbacks, buffers and tensors": economy,
    "the golden fixtures": golden,
    "the example trains": training,
    "several solves at once": together,
    "an aborted solve": abortion,
    "work that the GPU refuses": refusedWork,
    "a lost device": lostDevice, // last: it takes the device along
  };
  const { vendor, architecture, description, software } = gpu.adapter;
  const results: Check[] = [
    {
      name: "finds an adapter",
      ok: true,
      detail: `${vendor} ${architecture} ${description}${software ? " (software)" : ""}`,
    },
  ];
  for (const [name, check] of Object.entries(checks)) {
    if (which !== "all" && !RUNTIMES_OWN.has(name)) continue;
    const start = performance.now();
    try {
      const detail = await check({ ...packages, gpu });
      results.push({ name, ok: true, detail: `${detail}, ${Math.round(performance.now() - start)} ms` });
    } catch (error) {
      results.push({
        name,
        ok: false,
        detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }
  return results;
}

/** Where there is no adapter, `webgpu()` must say what is missing, at once, and nothing may run on the CPU instead. */
export async function withoutAdapter({ odegrad, onGpu }: Packages): Promise<Check[]> {
  const name = "with no adapter, an error that says what is missing";
  const start = performance.now();
  const error = await onGpu.webgpu().then(
    (gpu) => new Error(`found ${gpu.adapter.description}`),
    (reason: unknown) => reason,
  );
  const milliseconds = Math.round(performance.now() - start);
  const ok = error instanceof odegrad.SolveError && error.code === "device-lost" && milliseconds < 1000;
  return [
    { name, ok: ok && /adapter|missing/.test(error.message), detail: `${String(error)}, after ${milliseconds} ms` },
  ];
}
