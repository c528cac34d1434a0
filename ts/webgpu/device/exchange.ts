// Where tensors meet the leased block of a solve: states go out to tfjs, results come back into views of the block. One
// exchange serves one bound field; how it carries the numbers is the backend's affair.
import type { Tensor } from "@tensorflow/tfjs-core";
import { invalid, SolveError } from "../../base/errors.ts";
import type { Awaitable } from "../../base/waiting.ts";
import type { Scratch } from "../../wasm/scratch.ts";
import type { Tfjs } from "./tfjs.ts";

/** A tensor with a fixed shape whose numbers are written before each use. */
export interface Input {
  readonly tensor: Tensor;
  write(numbers: Float32Array): void;
}

export interface Exchange {
  /** A new input of this shape; usable once written. */
  input(shape: readonly number[]): Input;
  /**
   * Calls `f` at once, hands the numbers of the tensors it returns to `receive`, as soon as they are there and only while
   * the block is still leased, and returns what that returns. The arrays are valid during the call only. All other
   * tensors that `f` made, but kept ones, are disposed of.
   */
  compute<T>(f: () => readonly Tensor[], receive: (parts: readonly Float32Array[]) => T): Awaitable<T>;
  /** Frees the inputs. What is still on its way is dropped when it arrives. */
  close(): void;
}

/** Something that tfjs can compute on: `webgpu()` makes one, `tfjs()` another. */
export interface TensorDevice<Synchronous extends boolean = boolean> {
  /** The tfjs that computes. */
  readonly tf: Tfjs;
  /** Whether fields on it answer at once. */
  readonly synchronous: Synchronous;
  /** @internal The exchange of one bound field. */
  exchange(scratch: Scratch): Exchange;
}

/**
 * Refuses to compute on another backend than the one that was asked for: tfjs has one current backend for everybody, which
 * the page may change at any time, so every evaluation asks.
 */
export function assertBackend(tf: Tfjs, name: string): void {
  const current = tf.getBackend();
  if (current !== name) {
    throw invalid(
      "tfjs's backend",
      current,
      `${JSON.stringify(name)}, on which this field was made; call tf.setBackend("${name}")`,
    );
  }
}

/** The error of a result that arrives after its solve has ended; nobody waits for it any more. */
export const tooLate = (): SolveError =>
  new SolveError("aborted", "the solve ended while this result was being computed");

/** Runs `f`; only what it returns survives, as tensors of its own that the caller disposes of. */
export const results = (tf: Tfjs, f: () => readonly Tensor[]): Tensor[] =>
  tf.tidy(() => f().map((tensor) => tensor.clone()) as Tensor[]);

class HostInput implements Input {
  private current: Tensor | undefined;
  private readonly tf: Tfjs;
  private readonly shape: number[];

  constructor(tf: Tfjs, shape: readonly number[]) {
    this.tf = tf;
    this.shape = [...shape];
  }

  get tensor(): Tensor {
    return this.current!;
  }

  write(numbers: Float32Array): void {
    this.dispose();
    // A copy: tfjs would go on using the view itself.
    this.current = this.tf.keep(this.tf.tensor(numbers.slice(), this.shape, "float32"));
  }

  dispose(): void {
    this.current?.dispose();
    this.current = undefined;
  }
}

class HostExchange implements Exchange {
  private readonly device: TensorDevice;
  private readonly backend: string;
  private readonly scratch: Scratch;
  private readonly inputs: HostInput[] = [];

  constructor(device: TensorDevice, backend: string, scratch: Scratch) {
    this.device = device;
    this.backend = backend;
    this.scratch = scratch;
  }

  input(shape: readonly number[]): Input {
    const input = new HostInput(this.device.tf, shape);
    this.inputs.push(input);
    return input;
  }

  compute<T>(f: () => readonly Tensor[], receive: (parts: readonly Float32Array[]) => T): Awaitable<T> {
    const { tf, synchronous } = this.device;
    if (!synchronous) return this.computeLater(f, receive);
    assertBackend(tf, this.backend);
    const outputs = results(tf, f);
    try {
      return receive(outputs.map((tensor) => tensor.dataSync<"float32">()));
    } finally {
      tf.dispose(outputs);
    }
  }

  private async computeLater<T>(
    f: () => readonly Tensor[],
    receive: (parts: readonly Float32Array[]) => T,
  ): Promise<T> {
    const { tf } = this.device;
    assertBackend(tf, this.backend);
    const outputs = results(tf, f);
    try {
      const parts = await Promise.all(outputs.map((tensor) => tensor.data<"float32">()));
      if (!this.scratch.leased) throw tooLate();
      return receive(parts);
    } finally {
      tf.dispose(outputs);
    }
  }

  close(): void {
    for (const input of this.inputs) input.dispose();
  }
}

/**
 * tfjs on its current backend, such as "cpu" or "wasm": `tfjsField(f, { device: tfjs(tf), … })`. With `synchronous: true`
 * fields answer at once, where the backend allows it (not on "webgpu"), and `solve` returns a solution, not a promise.
 */
export function tfjs(tf: Tfjs, options: { synchronous: true }): TensorDevice<true>;
/** The same for fields that answer with promises. */
export function tfjs(tf: Tfjs, options?: { synchronous?: false | undefined }): TensorDevice<false>;
export function tfjs(tf: Tfjs, { synchronous = false }: { synchronous?: boolean | undefined } = {}): TensorDevice {
  const backend = tf.getBackend();
  if (backend === "webgpu")
    throw invalid("tfjs's backend", backend, '"cpu", "wasm" or "webgl" here; for "webgpu", await webgpu()');
  const device: TensorDevice = { tf, synchronous, exchange: (scratch) => new HostExchange(device, backend, scratch) };
  return device;
}
