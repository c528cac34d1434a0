// The contestants of the unrolled gradient: odegrad, plain JavaScript, tfjs with its WebAssembly backend, jax-js jitted.
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { installPeers } from "../install-peers.ts";
import { plainRival } from "./plain-rk4.ts";
import { odegrad } from "./unrolled-measurements.ts";
import {
  joined,
  type Rival,
  STEPS,
  shapes,
  transposedParts,
  type UnrolledProblem,
  WIDTHS,
} from "./unrolled-problem.ts";

const H = 1 / STEPS;

/** One thread, as for everyone else. */
async function tfjs({ batch, params, y0 }: UnrolledProblem): Promise<Rival> {
  const require = createRequire(resolve("package.json"));
  setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"))}/dist/`);
  setThreadsCount(1);
  if (!(await tf.setBackend("wasm"))) throw new Error("tfjs has no WebAssembly backend here");
  const weights = transposedParts(params).map((part, i) => tf.tensor(part, shapes[i]!));
  const start = tf.tensor(y0, [batch, WIDTHS[0]!]) as tf.Tensor2D;
  const loss = (...[w1, b1, w2, b2, w3, b3]: tf.Tensor[]): tf.Scalar => {
    const f = (y: tf.Tensor): tf.Tensor => {
      const one = tf.tanh(tf.add(tf.matMul(y as tf.Tensor2D, w1 as tf.Tensor2D), b1!));
      const two = tf.tanh(tf.add(tf.matMul(one as tf.Tensor2D, w2 as tf.Tensor2D), b2!));
      return tf.add(tf.matMul(two as tf.Tensor2D, w3 as tf.Tensor2D), b3!);
    };
    let y: tf.Tensor = start;
    for (let n = 0; n < STEPS; n++) {
      const k1 = f(y);
      const k2 = f(tf.add(y, tf.mul(k1, H / 2)));
      const k3 = f(tf.add(y, tf.mul(k2, H / 2)));
      const k4 = f(tf.add(y, tf.mul(k3, H)));
      y = tf.add(y, tf.mul(tf.add(tf.add(k1, k4), tf.mul(tf.add(k2, k3), 2)), H / 6));
    }
    return tf.mean(tf.square(y));
  };
  const derivative = tf.grads(loss);
  const run = (): ArrayLike<number>[] => tf.tidy(() => derivative(weights).map((part) => part.dataSync()));
  return { name: `tfjs ${tf.version_core} wasm`, run, gradient: () => joined(run()) };
}

/** An array of jax-js: operations consume their operands unless they get a `ref`. */
interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  dataSync(): ArrayLike<number>;
  dispose(): void;
}
interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): void;
  jit<F>(f: F): F;
  grad(f: (weights: JaxArray[], y: JaxArray) => JaxArray): (weights: JaxArray[], y: JaxArray) => JaxArray[];
  readonly numpy: {
    array(numbers: ArrayLike<number>): JaxArray;
    dot(a: JaxArray, b: JaxArray): JaxArray;
    tanh(x: JaxArray): JaxArray;
    mean(x: JaxArray): JaxArray;
  };
}

async function jaxJs({ batch, params, y0 }: UnrolledProblem): Promise<Rival> {
  const folder = resolve("bench/gradients");
  const versions = installPeers(folder);
  const jax: Jax = await import(pathToFileURL(`${folder}/node_modules/@jax-js/jax/dist/index.js`).href);
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  const { numpy: np } = jax;
  const weights = transposedParts(params).map((part, i) => np.array(part).reshape(shapes[i]!));
  const start = np.array(y0).reshape([batch, WIDTHS[0]!]);
  const f = ([w1, b1, w2, b2, w3, b3]: JaxArray[], y: JaxArray): JaxArray => {
    const one = np.tanh(np.dot(y, w1!.ref).add(b1!.ref));
    const two = np.tanh(np.dot(one, w2!.ref).add(b2!.ref));
    return np.dot(two, w3!.ref).add(b3!.ref);
  };
  const loss = (own: JaxArray[], first: JaxArray): JaxArray => {
    let y = first;
    for (let n = 0; n < STEPS; n++) {
      const k1 = f(own, y.ref);
      const k2 = f(own, y.ref.add(k1.ref.mul(H / 2)));
      const k3 = f(own, y.ref.add(k2.ref.mul(H / 2)));
      const k4 = f(own, y.ref.add(k3.ref.mul(H)));
      y = y.add(
        k1
          .add(k4)
          .add(k2.add(k3).mul(2))
          .mul(H / 6),
      );
    }
    for (const each of own) each.dispose();
    return np.mean(y.ref.mul(y));
  };
  const derivative = jax.jit(jax.grad(loss));
  const run = (): ArrayLike<number>[] =>
    derivative(
      weights.map(({ ref }) => ref),
      start.ref,
    ).map((part) => part.dataSync());
  const begin = performance.now();
  run();
  const compileMs = performance.now() - begin;
  return { name: `jax-js ${versions["@jax-js/jax"]} jit, wasm`, run, gradient: () => joined(run()), compileMs };
}

/** Everyone who runs here; who does not is named with the reason. */
export async function rivalsFor(problem: UnrolledProblem): Promise<{ rivals: Rival[]; absent: string[] }> {
  const rivals = [odegrad(problem), plainRival(problem)];
  const absent: string[] = [];
  for (const [name, make] of [
    ["tfjs", tfjs],
    ["jax-js", jaxJs],
  ] as const) {
    try {
      rivals.push(await make(problem));
    } catch (error) {
      absent.push(`${name} does not run here: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { rivals, absent };
}
