// Workers that do the same work as the main thread at the same time, with nothing shared but the signal to begin: how far this
// machine can scale at all. Virtual cores, hyperthreads of one core and cores that clock down give less than their number.
import { Worker } from "node:worker_threads";

const GO = 0;
const DONE = 1;
/** Runs of the work before it is timed, so that the engine has compiled it. */
const WARM_UP = 20;

const program = (work: string): string => `
const { parentPort, workerData: words } = require("node:worker_threads");
Promise.resolve(${work}).then((run) => {
  for (let i = 0; i < ${WARM_UP}; i++) run();
  parentPort.postMessage("ready");
  for (let round = 0; ; ) {
    // Asleep, so that the others have the cores to themselves.
    Atomics.wait(words, ${GO}, round);
    if (Atomics.load(words, ${GO}) === round) continue;
    round = Atomics.load(words, ${GO});
    if (round < 0) break;
    run();
    Atomics.add(words, ${DONE}, 1);
  }
});`;

export interface Partners {
  /** Does the work here and in all workers. */
  together(): void;
  end(): void;
}

/** `work`: an expression whose value, or that of its promise, is a function that does `here`'s work in a worker. */
export async function partners(workers: number, work: string, here: () => void): Promise<Partners> {
  const words = new Int32Array(new SharedArrayBuffer(128));
  const started = Array.from({ length: workers }, () => new Worker(program(work), { eval: true, workerData: words }));
  await Promise.all(
    started.map(
      (worker) =>
        new Promise((resolve, reject) => {
          worker.once("message", resolve);
          worker.once("error", reject);
        }),
    ),
  );
  let round = 0;
  return {
    together() {
      Atomics.store(words, DONE, 0);
      Atomics.store(words, GO, ++round);
      Atomics.notify(words, GO);
      here();
      while (Atomics.load(words, DONE) < workers);
    },
    end() {
      Atomics.store(words, GO, -1);
      Atomics.notify(words, GO);
      for (const worker of started) void worker.terminate();
    },
  };
}
