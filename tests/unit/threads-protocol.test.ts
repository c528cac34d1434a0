// How chunks pass between the calling thread and workers, step by step in one thread: a worker that is late, that stops
// in the middle or that comes back after its call is over does no harm.
import { describe, expect, it } from "vitest";
import { RECOMPUTE } from "../../ts/fields/field.ts";
import { mlp } from "../../ts/fields/mlp.ts";
import { NETWORKS } from "../../ts/fields/mlp-kernels.ts";
import { ACTIVATIONS } from "../../ts/fields/mlp-layout.ts";
import { type Call, Caller, controlWords, Taker } from "../../ts/threads/control.ts";
import { Governor } from "../../ts/threads/governor.ts";
import { Threads, threads, unknownPace } from "../../ts/threads/pool.ts";
import { SharedMemory } from "../../ts/threads/shared-memory.ts";
import { MOST_PAGES, onSharedMemory } from "../../ts/threads/shared-module.ts";
import { threaded } from "../../ts/threads/threaded.ts";
import { VECTORS_F64 } from "../../ts/vectors/kernels.ts";
import { VECTORS_F32 } from "../../ts/vectors/kernels-f32.ts";
import { FIRST_BLOCK } from "../../ts/wasm/memory.ts";
import { type HostVector, Scratch } from "../../ts/wasm/scratch.ts";

const WORKERS = 2;
const memory = new SharedMemory(WORKERS);

/** A pool whose workers are played by the test. */
function stage(ended: readonly boolean[] = [false, false]) {
  const words = new Int32Array(new SharedArrayBuffer(4 * controlWords(WORKERS)));
  const running = ended.map((_, worker) => ({
    get ended() {
      return ended[worker]!;
    },
    terminate() {},
  }));
  const pool = new Threads(memory, new Caller(words), running, 0);
  const takers = running.map((_, worker) => new Taker(words, worker));
  return { pool, takers: takers as [Taker, Taker], words };
}

const CALL: Call = { kind: 1, job: 4096, t: 0.1 + 0.2, tape: 64 };

describe("chunks", () => {
  it("are taken once each, by the caller from the front and by workers from the back, with their call", () => {
    const { pool, takers } = stage();
    const taken: string[] = [];
    pool.run(CALL, 1, unknownPace(), 7, (chunk) => {
      taken.push(`caller ${chunk}`);
      takers.forEach((taker, worker) => {
        if (!taker.take()) return;
        const { kind, job, t, tape } = taker;
        expect({ kind, job, t, tape }).toEqual(CALL);
        taken.push(`worker ${worker} ${taker.chunk}`);
        expect(taker.beginStore()).toBe(true);
        taker.endStore();
      });
    });
    expect(taken).toEqual(["caller 0", "worker 0 6", "worker 1 5", "caller 1", "worker 0 4", "worker 1 3", "caller 2"]);
    expect(pool.counts).toEqual({ calls: 1, chunks: 7, byWorkers: 4, takenBack: 0 });
  });

  it("are there only while a call is open", () => {
    const { pool, takers } = stage();
    expect(takers[0].take()).toBe(false);
    pool.run(CALL, 1, unknownPace(), 3, () => {});
    expect(takers[0].take()).toBe(false);
  });

  it("are all computed by the caller where no worker comes, and where all are gone", () => {
    for (const ended of [[false, false], [true, true], []]) {
      const { pool } = stage(ended);
      const taken: number[] = [];
      pool.run(CALL, 1, unknownPace(), 5, (chunk) => taken.push(chunk));
      expect(taken).toEqual([0, 1, 2, 3, 4]);
      expect(pool.counts.byWorkers).toBe(0);
    }
  });

  it("that a worker does not get on with are taken back, and what it has then is thrown away", () => {
    const { pool, takers } = stage();
    const [slow, quick] = takers;
    const taken: number[] = [];
    pool.run(CALL, 1, unknownPace(), 5, (chunk) => {
      taken.push(chunk);
      if (chunk > 0) return;
      expect(slow.take()).toBe(true);
      expect(quick.take()).toBe(true);
      expect(quick.beginStore()).toBe(true);
      quick.endStore();
    });
    expect(taken).toEqual([0, 1, 2, 4]);
    expect(slow.chunk).toBe(4);
    expect(slow.beginStore()).toBe(false);
    expect(pool.counts).toEqual({ calls: 1, chunks: 5, byWorkers: 1, takenBack: 1 });
  });

  it("of a later call are safe from a worker that held the same chunk of an earlier one", () => {
    const { pool, takers } = stage();
    const [slow, quick] = takers;
    pool.run(CALL, 1, unknownPace(), 3, (chunk) => void (chunk === 0 && slow.take()));
    expect(slow.chunk).toBe(2);
    let done = false;
    pool.run(CALL, 1, unknownPace(), 3, (chunk) => {
      expect(slow.beginStore()).toBe(false);
      if (chunk > 0) return;
      expect(quick.take()).toBe(true);
      expect(quick.chunk).toBe(2);
      expect(slow.beginStore()).toBe(false);
      expect(quick.beginStore()).toBe(true);
      expect(slow.beginStore()).toBe(false);
      quick.endStore();
      done = true;
    });
    expect(done).toBe(true);
    expect(pool.counts.takenBack).toBe(1);
  });

  it("are refused to a worker that read the call while it changed", () => {
    const words = new Int32Array(new SharedArrayBuffer(4 * controlWords(1)));
    const caller = new Caller(words);
    const late = new Taker(words, 0);
    const { load } = Atomics;
    for (let when = 1; when <= 7; when++) {
      caller.open(CALL, 3);
      let reads = 0;
      const loadOf = (array: Int32Array, at: number): number => {
        // The next call begins between two of the words that the worker reads, as if it had slept there.
        if (++reads === when) {
          caller.close();
          caller.open({ ...CALL, t: 5, job: 8192 }, 1);
        }
        return load(array, at);
      };
      Object.assign(Atomics, { load: loadOf });
      let took: boolean;
      try {
        took = late.take();
      } finally {
        Object.assign(Atomics, { load });
      }
      expect(reads).toBeGreaterThanOrEqual(when);
      // Either it has the new call, whole, or none.
      expect(took && late.t === 5 && late.job === 8192 && late.chunk === 0).toBe(true);
      caller.close();
    }
  });
});

describe("memory that is given back", () => {
  /** Has a worker take a chunk of a job in this block, and stop there. */
  function stuck({ pool, takers: [slow] }: ReturnType<typeof stage>, job: number): void {
    pool.run({ ...CALL, job }, 1, unknownPace(), 3, (chunk) => void (chunk === 0 && slow.take()));
    expect(slow.job).toBe(job);
    expect(slow.chunk).toBe(2);
  }

  it("is not used again while a worker may still write to it", () => {
    const on = stage();
    const first = memory.lease(1000);
    stuck(on, first.address);
    first.release(on.pool.quarantine(first.address));
    const second = memory.lease(1000);
    expect(second.address).not.toBe(first.address);
    // Nor does the worker hold what belongs to other jobs.
    second.release(on.pool.quarantine(second.address));
    const third = memory.lease(1000);
    expect(third.address).toBe(second.address);
    expect(on.takers[0].take()).toBe(false);
    const fourth = memory.lease(1000);
    expect(fourth.address).toBe(first.address);
    for (const { address, release } of [third, fourth]) release(on.pool.quarantine(address));
    expect(memory.leased).toBe(0);
  });

  it("is used again if that worker has ended, or works for another job since", () => {
    const ended = [false, false];
    const on = stage(ended);
    const block = memory.lease(1000);
    stuck(on, block.address);
    block.release(on.pool.quarantine(block.address));
    expect(memory.leased).toBeGreaterThan(0);
    ended[0] = true;
    expect(memory.leased).toBe(0);
    ended[0] = false;
    expect(memory.leased).toBe(0);
    const other = memory.lease(1000);
    stuck(on, other.address);
    other.release(on.pool.quarantine(other.address));
    expect(memory.leased).toBeGreaterThan(0);
    stuck(on, 2 ** 20);
    expect(memory.leased).toBe(0);
  });

  it("is not reached by a worker that is about to begin with it", () => {
    const words = new Int32Array(new SharedArrayBuffer(4 * controlWords(1)));
    const caller = new Caller(words);
    const pool = new Threads(memory, caller, [{ ended: false, terminate() {} }], 0);
    const late = new Taker(words, 0);
    const { load } = Atomics;
    for (let when = 1; when <= 7; when++) {
      const block = memory.lease(1000);
      caller.open({ ...CALL, job: block.address }, 3);
      let reads = 0;
      let busy = false;
      const loadOf = (array: Int32Array, at: number): number => {
        if (++reads === when) {
          // The memory is given back while the worker reads the call.
          const touched = pool.quarantine(block.address);
          Object.assign(Atomics, { load });
          busy = touched();
          Object.assign(Atomics, { load: loadOf });
          block.release(touched);
        }
        return load(array, at);
      };
      Object.assign(Atomics, { load: loadOf });
      let took: boolean;
      try {
        took = late.take();
      } finally {
        Object.assign(Atomics, { load });
      }
      expect(reads).toBeGreaterThanOrEqual(when);
      expect(took).toBe(false);
      expect(busy).toBe(when === 7);
      expect(memory.leased).toBe(0);
    }
  });

  it("leaves no overlap, however leases and releases interleave", () => {
    const held: { address: number; bytes: number; release(): void }[] = [];
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let i = 0; i < 500; i++) {
      if (held.length > 0 && random(5) < 2) held.splice(random(held.length), 1)[0]!.release();
      else {
        const bytes = random(2) ? random(300) : random(1_000_000);
        const { address, release } = memory.lease(bytes);
        expect(address % 64).toBe(0);
        expect(address + bytes).toBeLessThanOrEqual(memory.bytes);
        for (const other of held)
          expect(address >= other.address + other.bytes || other.address >= address + bytes).toBe(true);
        held.push({ address, bytes, release: () => release(() => false) });
      }
    }
    for (const { release } of held) release();
    expect(memory.leased).toBe(0);
  });
});

describe("the governor", () => {
  /** Calls of one unit for `ms` in all; alone one takes a millisecond, shared 1/gain. Returns the share of calls shared. */
  let now = 0;
  function govern(governor: Governor, ms: number, gain: number): number {
    let [shared, calls] = [0, 0];
    for (let spent = 0; spent < ms; calls++) {
      const took = governor.sharing ? 1 / gain : 1;
      if (governor.sharing) shared++;
      now += took;
      governor.heard(1, took, now);
      spent += took;
    }
    return shared / calls;
  }

  it("shares all calls while that brings something", () => {
    expect(govern(new Governor(), 10_000, 1.9)).toBe(1);
  });

  it("shares few calls where that costs, and does not lose more than it may", () => {
    const governor = new Governor();
    govern(governor, 1000, 0.5);
    // A shared call takes twice as long: 1 / (1 + share) of the speed.
    expect(govern(governor, 100_000, 0.5)).toBeLessThan(0.05);
  });

  it("keeps what is better by little", () => {
    const governor = new Governor();
    govern(governor, 1000, 1.1);
    expect(govern(governor, 100_000, 1.1)).toBeGreaterThan(0.8);
    govern(governor, 1000, 0.9);
    expect(govern(governor, 100_000, 0.9)).toBeLessThan(0.1);
  });

  it("notices when the cores are free again, and when they are busy again", () => {
    const governor = new Governor();
    for (let i = 0; i < 3; i++) {
      govern(governor, 20_000, 0.5);
      expect(govern(governor, 1000, 0.5)).toBeLessThan(0.2);
      govern(governor, 20_000, 1.9);
      expect(govern(governor, 1000, 1.9)).toBe(1);
    }
  });
});

describe("kernels on a shared memory", () => {
  it("write to nothing that is not theirs", async () => {
    const pool = await threads({ workers: 0, threshold: 0 });
    const { networks: kernels, memory: shared } = pool.memory;
    // In place of a worker: its scratch is not the one in static memory.
    const scratch = pool.memory.lease(kernels.SCRATCH_BYTES.value as number);
    kernels.useScratch(scratch.address);
    const own = new Uint8Array(shared.buffer, 0, FIRST_BLOCK);
    const before = own.slice();
    for (const dtype of ["float32", "float64"] as const) {
      for (const layers of [
        [1, 10, 1],
        [2, 64, 64, 2],
        [3, 5, 2, 3],
        [4, 17, 33, 4],
        [7, 1, 130, 7],
        [9, 9],
      ]) {
        for (const activation of ACTIVATIONS) {
          const field = threaded(mlp({ layers, activation, dtype, time: layers.length % 2 === 0 }), pool);
          for (const batch of [53, 78, 101, 389]) {
            const block = new Scratch();
            const [length, slots] = [batch * layers[0]!, 1];
            const bound = field.bind(block, { length, params: field.params, slots, gradient: true });
            const vectors = Array.from({ length: 4 }, () => block.vector(length, dtype));
            block.lease();
            const [x, dx, cotangent, xBar] = vectors as [HostVector, HostVector, HostVector, HostVector];
            x.view.fill(0.3);
            cotangent.view.fill(0.7);
            bound.load();
            bound.evaluate(0.5, x, dx, 0);
            bound.vjp(0.5, x, cotangent, xBar, 0);
            bound.vjp(0.5, x, cotangent, xBar, RECOMPUTE);
            block.release();
          }
        }
        expect(own).toEqual(before);
      }
    }
    // It would be seen, if it were in static memory.
    expect(new Uint8Array(shared.buffer, scratch.address, 64).some((byte) => byte !== 0)).toBe(true);
  });
});

describe("the build for a shared memory", () => {
  /** Sections of a module by their number. */
  function sectionsOf(binary: Uint8Array): Map<number, Uint8Array> {
    const sections = new Map<number, Uint8Array>();
    for (let at = 8; at < binary.length; ) {
      const id = binary[at++]!;
      let [size, scale] = [0, 1];
      for (let more = true; more; scale *= 128) {
        const digit = binary[at++]!;
        size += (digit % 128) * scale;
        more = digit >= 128;
      }
      sections.set(id, binary.subarray(at, at + size));
      at += size;
    }
    return sections;
  }

  const builds = {
    "vectors-f64": VECTORS_F64.builds(),
    "vectors-f32": VECTORS_F32.builds(),
    networks: NETWORKS.builds(),
  };
  const each = Object.entries(builds).flatMap(([name, list]) => list.map((own, i) => ({ name: `${name} ${i}`, own })));

  it.each(each)("$name: has the same code, and imports its memory as a shared one", ({ own }) => {
    const shared = onSharedMemory(own);
    const [before, after] = [sectionsOf(own), sectionsOf(shared)];
    expect([...after.keys()]).toEqual([...before.keys()].filter((id) => id !== 0));
    for (const [id, bytes] of after) if (id !== 2) expect(bytes).toEqual(before.get(id));
    if (!WebAssembly.validate(own)) return;
    const module = new WebAssembly.Module(shared);
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
    expect(WebAssembly.Module.imports(new WebAssembly.Module(own))).toEqual(WebAssembly.Module.imports(module));
    const unshared = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
    expect(() => new WebAssembly.Instance(module, { env: { memory: unshared } })).toThrow(WebAssembly.LinkError);
  });
});
