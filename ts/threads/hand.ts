// A worker's share: it takes chunks, computes them in memory that only it writes to, and stores what it may.
import { IDENTITY } from "../fields/descriptor-layout.ts";
import type { NetworkKernels } from "../fields/mlp-kernels.ts";
import { instanceOn } from "../wasm/binary.ts";
import { functionsOf } from "./compiled-code.ts";
import { Taker } from "./control.ts";
import { computeChunk, FORWARD, HEADER, type Network, NONE, networkOf, RECORD } from "./job.ts";

/** What a worker is started with. */
export interface Assignment {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: Int32Array;
  readonly worker: number;
  /** The kernels' scratch for this worker. */
  readonly scratch: number;
}

/** Compiled fields whose code a worker keeps. */
const MOST_CODES = 32;
/** How long a worker looks for work before it sleeps: waking costs both sides tens of microseconds. */
const PATIENCE_MS = 0.2;

export class Hand {
  private readonly taker: Taker;
  private readonly memory: WebAssembly.Memory;
  private readonly kernels: NetworkKernels;
  private readonly networks: readonly [Network, Network];
  private readonly worker: number;
  /** The functions of compiled fields by their code's number, latest last. */
  private readonly codes = new Map<number, Network>();
  private words: Int32Array;
  private numbers: Float64Array;

  constructor({ module, memory, control, worker, scratch }: Assignment) {
    this.taker = new Taker(control, worker);
    this.memory = memory;
    this.worker = worker;
    this.kernels = instanceOn(module, memory);
    this.kernels.useScratch(scratch);
    this.networks = [networkOf(this.kernels, false), networkOf(this.kernels, true)];
    this.words = new Int32Array(memory.buffer);
    this.numbers = new Float64Array(memory.buffer);
  }

  /** Works until the pool is disposed of. */
  serve(): void {
    while (this.taker.wait(PATIENCE_MS)) this.work();
  }

  /** Works while there are chunks. */
  work(): void {
    while (this.taker.take()) this.chunk();
  }

  private chunk(): void {
    const { taker, memory } = this;
    const { kind, job, t, chunk } = taker;
    // A grown memory is a longer buffer of the same bytes.
    if (this.words.buffer !== memory.buffer) {
      this.words = new Int32Array(memory.buffer);
      this.numbers = new Float64Array(memory.buffer);
    }
    const { words, numbers } = this;
    const header = job >> 2;
    const record = (words[header + HEADER.records]! >> 2) + this.worker * RECORD.words;
    const last = chunk === words[header + HEADER.chunks]! - 1 ? 1 : 0;
    const stateAt = chunk * words[header + HEADER.stateBytes]!;
    const stateBytes = words[header + HEADER.stateBytes + last]!;
    const tapeBytes = words[header + HEADER.tapeBytes + last]!;
    const tape = taker.tape === NONE ? NONE : taker.tape + chunk * words[header + HEADER.tapeBytes]!;
    const sumBytes = words[header + HEADER.sumBytes]!;
    const sum = words[header + HEADER.sums]! + chunk * sumBytes;
    const own = {
      descriptor: words[record + RECORD.descriptor + last]!,
      out: words[record + RECORD.out]!,
      tape: words[record + RECORD.tape]!,
      sum: words[record + RECORD.sum]!,
    };
    const x = words[header + HEADER.x]! + stateAt;
    const cotangent = words[header + HEADER.cotangent]! + stateAt;
    const network = this.networkAt(header);
    if (kind === FORWARD) {
      const kept = tape === NONE ? NONE : own.tape;
      computeChunk(network, kind, own.descriptor, t, x, NONE, own.out, NONE, kept, NONE);
      if (!taker.beginStore()) return;
      this.copy(words[header + HEADER.dx]! + stateAt, own.out, stateBytes);
      if (tape !== NONE) this.copy(tape, own.tape, tapeBytes);
    } else {
      this.copy(own.sum, sum, sumBytes);
      const rate = computeChunk(network, kind, own.descriptor, t, x, cotangent, own.out, own.sum, tape, own.tape);
      if (!taker.beginStore()) return;
      this.copy(words[header + HEADER.xBar]! + stateAt, own.out, stateBytes);
      this.copy(sum, own.sum, sumBytes);
      numbers[(words[header + HEADER.rates]! >> 3) + chunk] = rate;
    }
    taker.endStore();
  }

  /** What computes the rows of a job. */
  private networkAt(header: number): Network {
    const { words, codes, memory } = this;
    const code = words[header + HEADER.code]!;
    if (code === 0) return this.networks[words[header + HEADER.double]! as 0 | 1];
    let known = codes.get(code);
    if (!known) {
      // Copies: modules are not made of shared bytes.
      const bytesAt = (place: number): Uint8Array<ArrayBuffer> =>
        new Uint8Array(memory.buffer, words[header + place]!, words[header + place + 1]!).slice();
      known = functionsOf(bytesAt(HEADER.forward), bytesAt(HEADER.backward), memory, () => this.words);
      codes.set(code, known);
      const [oldest] = codes.keys();
      if (codes.size > MOST_CODES) codes.delete(oldest!);
    }
    return known;
  }

  /** Copies with the one kernel that does: the identity. */
  private copy(to: number, from: number, bytes: number): void {
    this.kernels.activationF32(IDENTITY, to, from, bytes >> 2);
  }
}
