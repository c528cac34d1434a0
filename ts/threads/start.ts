// Starting workers, in Node, Deno and Bun by node:worker_threads and in browsers as Web Workers, from a text: no file, and
// they keep no process alive.
import { SolveError } from "../base/errors.ts";
import { source } from "./generated/worker.ts";
import type { Assignment } from "./hand.ts";

/** What Node's and browsers' workers have in common once the differences are dealt with. */
interface Started {
  postMessage(message: unknown): void;
  terminate(): unknown;
  unref?(): void;
}

type Events = (name: "message" | "error" | "exit", listener: (event: unknown) => void) => void;

interface NodeWorker extends Started {
  on: Events;
}

interface NodeThreads {
  readonly Worker: new (code: string, options: { eval: true; name: string }) => NodeWorker;
}

/** What the worker's text expects of its surroundings: a browser's `onmessage` and `postMessage`. */
const BRIDGE =
  'const{parentPort:p}=require("node:worker_threads");globalThis.postMessage=m=>p.postMessage(m);' +
  'p.once("message",data=>globalThis.onmessage({data}));';

const NAME = "odegrad";

async function nodeWorker(): Promise<{ worker: NodeWorker; on: Events }> {
  // A name in a variable: bundlers for browsers leave it alone.
  const name = "node:worker_threads";
  const { Worker } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as NodeThreads;
  const worker = new Worker(BRIDGE + source, { eval: true, name: NAME });
  return { worker, on: (event, listener) => worker.on(event, listener) };
}

function webWorker(): { worker: Started; on: Events } {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { name: NAME });
  URL.revokeObjectURL(url);
  return { worker, on: (event, listener) => worker.addEventListener(event, listener as EventListener) };
}

/** A running worker. */
export interface Running {
  readonly ended: boolean;
  terminate(): void;
}

const isNode = (): boolean =>
  typeof (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node === "string";

/** Starts a worker and resolves once it waits for work. Throws `unsupported` where it cannot start. */
export async function start(assignment: Assignment): Promise<Running> {
  const state = { ended: false };
  let worker: Started | undefined;
  try {
    const started = isNode() ? await nodeWorker() : webWorker();
    worker = started.worker;
    await new Promise<unknown>((resolve, reject) => {
      const end = (event: unknown): void => {
        state.ended = true;
        reject(event);
      };
      started.on("message", resolve);
      started.on("error", end);
      if (isNode()) started.on("exit", end);
      started.worker.postMessage(assignment);
    });
  } catch (cause) {
    worker?.terminate();
    // A browser's event of a worker that a policy forbids has no message.
    const reason = typeof cause === "object" ? (cause as { message?: string }).message : String(cause);
    throw new SolveError(
      "unsupported",
      `a worker thread cannot start (${reason || "no reason given"}); in a browser the page's Content-Security-Policy ` +
        "must allow worker-src blob:, and where it has require-trusted-types-for 'script', a default policy of the page make a TrustedScriptURL of it",
      { cause },
    );
  }
  worker.unref?.();
  return {
    get ended() {
      return state.ended;
    },
    terminate() {
      state.ended = true;
      worker.terminate();
    },
  };
}

/** How many threads the machine runs at once. */
export async function parallelism(): Promise<number> {
  if (!isNode()) return navigator.hardwareConcurrency || 1;
  const name = "node:os";
  const { availableParallelism } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as {
    availableParallelism(): number;
  };
  return availableParallelism();
}
