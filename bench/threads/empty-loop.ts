// How far this machine can scale at all: a loop in registers, without memory or synchronisation in it, run whole on one
// thread and in equal parts on several. Virtual cores, shared ones and those that clock down give less than their number.
import { Worker } from "node:worker_threads";

const GO = 0;
const DONE = 1;

/** xorshift, `n` times. */
function loop(n: number): number {
  let x = 1;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  return x;
}

const program = `
const { parentPort, workerData: { words, iterations } } = require("node:worker_threads");
${loop}
loop(1e6);
parentPort.postMessage("ready");
for (let round = 0; ; ) {
  // Asleep, so that the others have the cores to themselves.
  Atomics.wait(words, ${GO}, round);
  if (Atomics.load(words, ${GO}) === round) continue;
  round = Atomics.load(words, ${GO});
  if (round < 0) break;
  if (loop(iterations) === 0) throw new Error("xorshift never reaches 0");
  Atomics.add(words, ${DONE}, 1);
}`;

export interface EmptyLoop {
  /** Runs the whole loop here. */
  alone(): void;
  /** Runs equal parts of it here and in the workers. */
  together(): void;
  end(): void;
}

export async function emptyLoop(workers: number, iterations: number): Promise<EmptyLoop> {
  const words = new Int32Array(new SharedArrayBuffer(128));
  const part = Math.round(iterations / (workers + 1));
  const workerData = { words, iterations: part };
  const started = Array.from({ length: workers }, () => new Worker(program, { eval: true, workerData }));
  await Promise.all(started.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
  let round = 0;
  return {
    alone() {
      if (loop(iterations) === 0) throw new Error("xorshift never reaches 0");
    },
    together() {
      Atomics.store(words, DONE, 0);
      Atomics.store(words, GO, ++round);
      Atomics.notify(words, GO);
      if (loop(part) === 0) throw new Error("xorshift never reaches 0");
      while (Atomics.load(words, DONE) < workers);
    },
    end() {
      Atomics.store(words, GO, -1);
      Atomics.notify(words, GO);
      for (const worker of started) void worker.terminate();
    },
  };
}
