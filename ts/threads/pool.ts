// A pool of workers: it offers the chunks of a call to them, computes what they have not taken, and waits for the rest, but
// never long for a worker that does not get on.
/// <reference lib="esnext.disposable" preserve="true" />

import type { Dtype } from "../base/dtype.ts";
import { checkOptions, invalid, SolveError } from "../base/errors.ts";
import { type Call, Caller, controlWords } from "./control.ts";
import { Governor } from "./governor.ts";
import { SharedRows } from "./rows.ts";
import { type SharedBlock, SharedMemory } from "./shared-memory.ts";
import { parallelism, type Running, start } from "./start.ts";

/** Options of `threads`. */
export interface ThreadsOptions {
  /** Threads beside the one that calls; by default one less than the machine runs at once, at most 15. */
  readonly workers?: number | undefined;
  /** Microseconds of work, as estimated, below which an evaluation is left to the calling thread; 100 by default. */
  readonly threshold?: number | undefined;
}

/** What was computed where, since the pool began. */
export interface ThreadCounts {
  /** Evaluations and VJPs that were offered to the workers. */
  calls: number;
  /** Chunks of rows of these. */
  chunks: number;
  /** Of these computed by workers. */
  byWorkers: number;
  /** Chunks that a worker had taken and the calling thread took back, because the worker did not get on. */
  takenBack: number;
}

const MOST_WORKERS = 15;
const THRESHOLD_US = 100;
/** A chunk is waited for as long as one takes, and this much more, before it is taken back. */
const PATIENCE = 1.25;
const PATIENCE_MS = 0.01;
/** Storing takes a microsecond; a worker that does not end it has been killed in it. */
const STORING_MS = 10_000;

/** Milliseconds that a chunk takes on the calling thread: when one was last computed there, and at least. */
export interface Pace {
  lastMs: number;
  leastMs: number;
}

export const unknownPace = (): Pace => ({ lastMs: 0, leastMs: Number.POSITIVE_INFINITY });

function computeAll(chunks: number, compute: (chunk: number) => void): void {
  for (let chunk = 0; chunk < chunks; chunk++) compute(chunk);
}

/** The workers of a pool that nobody holds any more are ended. */
const forgotten = new FinalizationRegistry<() => void>((end) => end());

/** A pool of worker threads: `threads()` makes one, `threaded(field, pool)` uses it. */
export class Threads {
  /** What was computed where so far. */
  readonly counts: ThreadCounts = { calls: 0, chunks: 0, byWorkers: 0, takenBack: 0 };
  /** See `ThreadsOptions`. */
  readonly threshold: number;
  /** How many workers there were at the start. */
  readonly size: number;
  /** @internal Where fields of this pool compute. */
  readonly memory: SharedMemory;
  private readonly caller: Caller;
  private readonly running: readonly Running[];
  private readonly end: () => void;
  private readonly governor = new Governor();
  private rows: SharedRows | undefined;

  /** @internal `threads()` makes them. */
  constructor(memory: SharedMemory, caller: Caller, running: readonly Running[], threshold: number) {
    this.memory = memory;
    this.caller = caller;
    this.running = running;
    this.size = running.length;
    this.threshold = threshold;
    this.end = () => {
      caller.quit();
      for (const worker of running) worker.terminate();
    };
    forgotten.register(this, this.end, this);
  }

  /** Workers that are there to help. */
  get workers(): number {
    return this.running.reduce((count, { ended }) => count + (ended ? 0 : 1), 0);
  }

  /** @internal Ends a job: the answer says whether a worker may still touch its memory, as one that stopped in the middle may. */
  quarantine(job: number): () => boolean {
    const { caller, running } = this;
    caller.close();
    return () => running.some(({ ended }, worker) => !ended && caller.touched(worker) === job);
  }

  /** @internal Rows for the tapes of a recording; the rows of the recording before make room for them. */
  recording(width: number, dtype: Dtype): SharedRows {
    this.rows?.leave();
    const rows = new SharedRows(width, dtype, this.memory, () => {
      if (this.rows === rows) this.rows = undefined;
    });
    this.rows = rows;
    return rows;
  }

  /** @internal Memory for a job, for which tapes make room if need be. */
  lease(bytes: number): SharedBlock {
    try {
      return this.memory.lease(bytes);
    } catch (error) {
      if (!this.rows) throw error;
      this.rows.leave();
      return this.memory.lease(bytes);
    }
  }

  /**
   * @internal Has every chunk of a call of about `work` microseconds computed, here by `compute` or by a worker. `pace` is what this
   * keeps of calls alike.
   */
  run(call: Call, work: number, pace: Pace, chunks: number, compute: (chunk: number) => void): void {
    if (this.workers === 0 || work < this.threshold) {
      computeAll(chunks, compute);
      return;
    }
    const { governor, caller } = this;
    const start = performance.now();
    if (governor.sharing) {
      caller.open(call, chunks);
      this.share(pace, chunks, compute, start);
    } else {
      computeAll(chunks, compute);
    }
    const now = performance.now();
    const ms = now - start;
    if (!governor.sharing) pace.leastMs = Math.min(pace.leastMs, ms / chunks);
    governor.heard(pace.leastMs * chunks, ms, now);
  }

  /** Offers the chunks to the workers, and computes what they have not taken. */
  private share(pace: Pace, chunks: number, compute: (chunk: number) => void, start: number): void {
    const { caller, counts } = this;
    let own = 0;
    for (let chunk = caller.take(); chunk >= 0; chunk = caller.take(), own++) compute(chunk);
    const end = performance.now();
    if (own > 0) {
      pace.lastMs = (end - start) / own;
      pace.leastMs = Math.min(pace.leastMs, pace.lastMs);
    }
    counts.calls++;
    counts.chunks += chunks;
    counts.byWorkers += chunks - own;
    const until = end + PATIENCE * pace.lastMs + PATIENCE_MS;
    // Workers have the chunks behind the own ones and began with the last.
    for (let chunk = chunks - 1; chunk >= own; chunk--) {
      for (let looks = 1; !caller.isDone(chunk); looks++) {
        if (looks % 16 !== 0 || performance.now() < until) continue;
        if (caller.takeBack(chunk)) {
          compute(chunk);
          counts.byWorkers--;
          counts.takenBack++;
          break;
        }
        if (performance.now() > until + STORING_MS)
          throw new SolveError("device-lost", "a worker thread ended while it stored a result; make a new pool");
      }
    }
  }

  /** Ends the workers. Fields of this pool then compute on the calling thread alone, with the same results. */
  dispose(): void {
    forgotten.unregister(this);
    this.end();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function checked(options: ThreadsOptions): void {
  checkOptions("threads", options, ["workers", "threshold"]);
  const { workers = 0, threshold = 0 } = options;
  if (!(Number.isInteger(workers) && workers >= 0 && workers <= MOST_WORKERS))
    throw invalid("threads option workers", workers, `an integer from 0 to ${MOST_WORKERS}`);
  if (!(typeof threshold === "number" && threshold >= 0))
    throw invalid("threads option threshold", threshold, "a number of microseconds ≥ 0");
}

/**
 * Starts workers for fields made with `threaded`. Throws `SolveError` "invalid" for bad options and where there is no
 * shared memory: in a browser the page must be cross-origin isolated; "unsupported" where WebAssembly cannot use it.
 */
export async function threads(options: ThreadsOptions = {}): Promise<Threads> {
  checked(options);
  if (typeof SharedArrayBuffer === "undefined") {
    throw new SolveError(
      "invalid",
      "threads need SharedArrayBuffer, which browsers give only to pages that are cross-origin isolated: serve the page " +
        'with the headers "Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp"',
    );
  }
  const count = options.workers ?? Math.min(MOST_WORKERS, (await parallelism()) - 1);
  const memory = new SharedMemory(count);
  const control = new Int32Array(new SharedArrayBuffer(4 * controlWords(count)));
  const assignment = { module: memory.module, memory: memory.memory, control };
  const caller = new Caller(control);
  const attempts = await Promise.allSettled(
    Array.from({ length: count }, (_, worker) => start({ ...assignment, worker, scratch: memory.scratchOf(worker) })),
  );
  const running = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
  const failed = attempts.find((attempt) => attempt.status === "rejected");
  const pool = new Threads(memory, caller, running, options.threshold ?? THRESHOLD_US);
  if (failed) {
    pool.dispose();
    throw failed.reason;
  }
  return pool;
}
