// What two cores do of this very work where nothing is shared: the same solve on the main thread and in a worker at once.
// Cores that are hyperthreads of one share its arithmetic units, which a loop in registers does not show.
import { Worker } from "node:worker_threads";

const GO = 0;
const DONE = 1;

const program = (work: string): string => `
const { parentPort, workerData: { words } } = require("node:worker_threads");
import("odegrad").then((odegrad) => {
  const run = (${work})(odegrad);
  for (let i = 0; i < 20; i++) run();
  parentPort.postMessage("ready");
  for (let round = 0; ; ) {
    Atomics.wait(words, ${GO}, round);
    if (Atomics.load(words, ${GO}) === round) continue;
    round = Atomics.load(words, ${GO});
    if (round < 0) break;
    run();
    Atomics.add(words, ${DONE}, 1);
  }
});`;

export interface Apart {
  /** Runs the work here and, at the same time, in the worker. */
  together(): void;
  end(): void;
}

/** `work`: the text of a function that makes the work of the package's exports; `here`: the same work. */
export async function apart(work: string, here: () => void): Promise<Apart> {
  const words = new Int32Array(new SharedArrayBuffer(128));
  const worker = new Worker(program(work), { eval: true, workerData: { words } });
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  let round = 0;
  return {
    together() {
      Atomics.store(words, DONE, 0);
      Atomics.store(words, GO, ++round);
      Atomics.notify(words, GO);
      here();
      while (Atomics.load(words, DONE) === 0);
    },
    end() {
      Atomics.store(words, GO, -1);
      Atomics.notify(words, GO);
      void worker.terminate();
    },
  };
}
