// A field bound to one leased block whose evaluations several threads share. Its numbers lie in the pool's shared memory; the
// state, the derivative and the cotangents are copied there and back, which is little beside the work.

import { bytesOf, type Dtype, type FloatArray } from "../base/dtype.ts";
import { type BindRequest, type BoundField, type OwnTapes, RECOMPUTE } from "../fields/field.ts";
import { WasmArithmetic } from "../vectors/wasm-arithmetic.ts";
import { type HostVector, Layout, type Scratch } from "../wasm/scratch.ts";
import { type Chunks, FORWARD_WORK, RECOMPUTING_WORK, VJP_WORK } from "./chunks.ts";
import type { Call } from "./control.ts";
import { BACKWARD, computeChunk, FORWARD, HEADER, type Network, NONE, RECORD } from "./job.ts";
import { PlacedCode } from "./placed-code.ts";
import { type Pace, type Threads, unknownPace } from "./pool.ts";
import type { Kernel, RowKernels } from "./row-kernels.ts";
import type { SharedRows } from "./rows.ts";

const NOTHING = new Float64Array(0);

/** What one thread alone writes to. */
interface Own {
  readonly work: HostVector;
  /** Packed weights: those of the calling thread, unless the kernels write beside them. */
  readonly packed: HostVector;
  readonly descriptor: HostVector;
  readonly lastDescriptor: HostVector;
  readonly tape: HostVector;
  readonly out: HostVector;
  readonly sum: HostVector;
}

/** By the work of a call, in evaluations. */
export type Paces = Readonly<Record<number, Pace>>;

export const unknownPaces = (): Paces => ({
  [FORWARD_WORK]: unknownPace(),
  [VJP_WORK]: unknownPace(),
  [RECOMPUTING_WORK]: unknownPace(),
});

export class BoundThreaded implements BoundField<HostVector> {
  readonly tapeLength: number;
  readonly tape: HostVector | undefined;
  readonly paramsBar: HostVector | undefined;
  private readonly scratch: Scratch;
  private readonly pool: Threads;
  private readonly chunks: Chunks;
  private readonly dtype: Dtype;
  protected readonly params: FloatArray;
  private readonly chunkKernel: Kernel;
  private readonly lastKernel: Kernel;
  private readonly shared: Layout = new Layout();
  private readonly theta: HostVector;
  private readonly x: HostVector;
  private readonly dx: HostVector;
  private readonly cotangent: HostVector;
  private readonly xBar: HostVector;
  private readonly header: HostVector;
  private readonly records: HostVector;
  private readonly rates: HostVector;
  /** ∂L/∂θ of each chunk, over all VJPs since the last `flush`. */
  private readonly sums: HostVector;
  /** paramsBar on its way through the addition of these. */
  private readonly total: HostVector;
  private readonly arithmetic: WasmArithmetic;
  private readonly adding: ReturnType<WasmArithmetic["terms"]>;
  private readonly own: Own;
  private readonly others: readonly Own[];
  private readonly kernels: RowKernels;
  /** The modules of its code, which workers read. */
  private readonly code: PlacedCode | undefined;
  private readonly call: Call = { kind: FORWARD, job: NONE, t: 0, tape: NONE };
  private network!: Network;
  private readonly stateBytes: number;
  private readonly chunkTapeBytes: number;
  private readonly tapeBytes: number;
  private readonly paces: Paces;
  private summed = false;
  private rows: SharedRows | undefined;

  constructor(
    scratch: Scratch,
    { length, params, slots, gradient }: BindRequest,
    kernels: RowKernels,
    pool: Threads,
    chunks: Chunks,
    paces: Paces,
  ) {
    const { field, dim, code } = kernels;
    const { dtype } = field;
    this.scratch = scratch;
    this.pool = pool;
    this.chunks = chunks;
    this.paces = paces;
    this.dtype = dtype;
    this.params = params ?? NOTHING;
    this.kernels = kernels;
    const { count, rows, lastRows } = chunks;
    const { shared } = this;
    const vector = (n: number): HostVector => shared.vector(n, dtype);
    const words = (n: number): HostVector => shared.vector(Math.ceil(n / 2), "float64");
    // First, so that the block's address names the job.
    this.header = words(HEADER.words);
    const [kernel, lastKernel] = [kernels.layout(rows), kernels.layout(lastRows)];
    this.chunkKernel = kernel;
    this.lastKernel = lastKernel;
    this.tapeLength = (count - 1) * kernel.tapeLength + lastKernel.tapeLength;
    this.tape = slots * this.tapeLength > 0 ? vector(slots * this.tapeLength) : undefined;
    this.tapeBytes = this.tapeLength * bytesOf(dtype);
    this.chunkTapeBytes = kernel.tapeLength * bytesOf(dtype);
    this.stateBytes = rows * dim * bytesOf(dtype);

    const parameters = this.params.length;
    const most = Math.max(rows, lastRows);
    const pulled = (n: number): number => (gradient ? n : 0);
    this.theta = vector(parameters);
    this.x = vector(length);
    this.dx = vector(length);
    this.cotangent = vector(pulled(length));
    this.xBar = vector(pulled(length));
    this.records = words(RECORD.words * pool.size);
    this.rates = shared.vector(pulled(count), "float64");
    const sums = shared.rows(count, pulled(parameters), dtype);
    this.sums = sums.whole;
    this.total = vector(pulled(parameters));
    this.arithmetic = new WasmArithmetic(shared, pulled(parameters), field);
    this.adding = this.arithmetic.terms(
      [this.total, ...sums.parts],
      Array.from({ length: count + 1 }, () => 1),
    );
    const packed = vector(kernel.packedLength);
    const own = (index: number): Own => ({
      work: vector(Math.max(kernel.workLength, lastKernel.workLength)),
      packed: index > 0 && kernels.packsEach ? vector(kernel.packedLength) : packed,
      descriptor: words(kernel.descriptorWords),
      lastDescriptor: words(lastKernel.descriptorWords),
      tape: vector(Math.max(kernel.tapeLength, lastKernel.tapeLength)),
      out: vector(index > 0 ? most * dim : 0),
      sum: vector(index > 0 ? pulled(parameters) : 0),
    });
    this.own = own(0);
    this.others = Array.from({ length: pool.size }, (_, worker) => own(worker + 1));
    this.code = code && new PlacedCode(shared, code);
    if (gradient) this.paramsBar = scratch.vector(parameters, dtype);
  }

  load(): void {
    const { pool, shared, scratch, theta, sums } = this;
    const { memory } = pool.memory;
    const block = pool.lease(shared.bytes);
    scratch.onRelease(() => block.release(pool.quarantine(block.address)), shared.bytes);
    shared.put(memory, block.address);
    this.network = this.kernels.functions(pool.memory);
    theta.view.set(this.params);
    this.describe(this.own);
    for (const other of this.others) this.describe(other);
    this.writeHeader();
    this.arithmetic.load();
    this.call.job = this.header.address;
    if (sums.length > 0) this.clear();
  }

  /** Writes a thread's descriptors and packs its weights, if they are its own. */
  private describe({ descriptor, lastDescriptor, packed, work }: Own): void {
    const { memory } = this.pool.memory;
    const places = { theta: this.theta.address, packed: packed.address, work: work.address };
    const words = (at: HostVector): Uint32Array => new Uint32Array(memory.buffer, at.address, 2 * at.length);
    this.chunkKernel.describe(words(descriptor), places);
    this.lastKernel.describe(words(lastDescriptor), places);
    if (packed === this.own.packed && descriptor !== this.own.descriptor) return;
    this.kernels.pack(this.pool.memory, descriptor.address);
  }

  private writeHeader(): void {
    const { chunks, header, records, others, stateBytes, chunkTapeBytes } = this;
    const bytes = bytesOf(this.dtype);
    const words = new Int32Array(this.pool.memory.memory.buffer);
    const write = (at: number, values: Record<number, number>): void => {
      for (const [word, value] of Object.entries(values)) words[at / 4 + Number(word)] = value;
    };
    const before = (chunks.count - 1) * stateBytes;
    write(header.address, {
      [HEADER.double]: this.dtype === "float64" ? 1 : 0,
      [HEADER.chunks]: chunks.count,
      [HEADER.stateBytes]: stateBytes,
      [HEADER.lastStateBytes]: this.x.length * bytes - before,
      [HEADER.tapeBytes]: chunkTapeBytes,
      [HEADER.lastTapeBytes]: this.lastKernel.tapeLength * bytes,
      [HEADER.x]: this.x.address,
      [HEADER.dx]: this.dx.address,
      [HEADER.cotangent]: this.cotangent.address,
      [HEADER.xBar]: this.xBar.address,
      [HEADER.sums]: this.sums.address,
      [HEADER.sumBytes]: this.total.length * bytes,
      [HEADER.rates]: this.rates.address,
      [HEADER.records]: records.address,
      [HEADER.code]: 0,
    });
    this.code?.write(words.buffer, header.address);
    others.forEach((own, worker) => {
      write(records.address + 4 * RECORD.words * worker, {
        [RECORD.descriptor]: own.descriptor.address,
        [RECORD.lastDescriptor]: own.lastDescriptor.address,
        [RECORD.out]: own.out.address,
        [RECORD.tape]: own.tape.length > 0 ? own.tape.address : NONE,
        [RECORD.sum]: own.sum.address,
      });
    });
  }

  evaluate(t: number, x: HostVector, dx: HostVector, slot: number): void {
    this.x.view.set(x.view);
    this.run(FORWARD, t, this.slotAt(slot), FORWARD_WORK);
    dx.view.set(this.dx.view);
  }

  vjp(t: number, x: HostVector, cotangent: HostVector, xBar: HostVector, slot: number): number {
    this.x.view.set(x.view);
    this.cotangent.view.set(cotangent.view);
    this.run(BACKWARD, t, this.slotAt(slot), slot === RECOMPUTE ? RECOMPUTING_WORK : VJP_WORK);
    xBar.view.set(this.xBar.view);
    this.summed = true;
    const rates = this.rates.view;
    let rate = 0;
    for (let chunk = 0; chunk < rates.length; chunk++) rate += rates[chunk]!;
    return rate;
  }

  /** Networks alone have tapes. */
  get ownTapes(): OwnTapes | undefined {
    return this.tapeLength > 0 ? this.pooledTapes : undefined;
  }

  private readonly pooledTapes: OwnTapes = {
    record: () => {
      this.rows = this.pool.recording(this.tapeLength, this.dtype);
      return this.rows;
    },
    use: (rows) => {
      this.rows = rows as SharedRows;
    },
  };

  flush(): void {
    if (!this.summed) return;
    const { total, paramsBar } = this;
    total.view.set(paramsBar!.view);
    this.arithmetic.combine(total, undefined, this.adding, 1);
    paramsBar!.view.set(total.view);
    this.clear();
  }

  private clear(): void {
    const { address, length } = this.sums;
    // No terms and no base: zeros.
    this.arithmetic.kernels.combine(address, NONE, NONE, 0, 0, length);
    this.summed = false;
  }

  private run(kind: number, t: number, tape: number, evaluations: number): void {
    const { call } = this;
    call.kind = kind;
    call.t = t;
    call.tape = tape;
    this.pool.run(call, this.kernels.work * evaluations, this.paces[evaluations]!, this.chunks.count, this.compute);
  }

  private readonly compute = (chunk: number): void => {
    const { kind, t, tape } = this.call;
    const { own, sums, total, rates } = this;
    const state = chunk * this.stateBytes;
    const { address: descriptor } = chunk === this.chunks.count - 1 ? own.lastDescriptor : own.descriptor;
    const kept = tape === NONE ? NONE : tape + chunk * this.chunkTapeBytes;
    const spare = own.tape.length > 0 ? own.tape.address : NONE;
    const forward = kind === FORWARD;
    const rate = computeChunk(
      this.network,
      kind,
      descriptor,
      t,
      this.x.address + state,
      this.cotangent.address + state,
      (forward ? this.dx : this.xBar).address + state,
      sums.address + chunk * total.length * bytesOf(this.dtype),
      kept,
      spare,
    );
    if (!forward) rates.view[chunk] = rate;
  };

  private slotAt(slot: number): number {
    if (slot < 0) return NONE;
    if (this.rows?.inPlace) return this.rows.address(slot);
    return this.tape ? this.tape.address + slot * this.tapeBytes : NONE;
  }
}
