// A network in a solve with inputs: values at t that all rows share, which the user's function fills before each evaluation.
import { BACKWARD, FORWARD } from "../base/differences.ts";
import type { FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import type { Scratch } from "../wasm/scratch.ts";
import type { BindRequest } from "./field.ts";
import { BoundMlp, type Network } from "./mlp-bound.ts";

/** Fills `out` with the inputs at t: one row's worth, the same for all rows. */
export type InputFunction = (t: number, out: Float64Array) => void;

/** What drives a network. */
export interface Drive {
  readonly inputs: InputFunction;
  /** The start, the end and the jumps of the solve, ascending: between them the inputs have a derivative. */
  readonly times: Float64Array;
}

/** The distance of differences in t, relative to the time between jumps. */
const DISTANCE = 2 ** -14;

export class BoundDriven extends BoundMlp {
  private readonly drive: Drive;
  private readonly out: Float64Array;
  /** How many inputs all rows share, t counted. */
  private readonly shared: number;
  /** Where the kernels read the values, leave their cotangents and read their rates, and where they read those beside θ̇. */
  private values!: FloatArray;
  private valuesDot: FloatArray | undefined;

  constructor(scratch: Scratch, request: BindRequest, network: Network, drive: Drive) {
    super(scratch, request, network);
    this.drive = drive;
    this.out = new Float64Array(network.inputs!);
    this.shared = this.out.length + (network.time ? 1 : 0);
  }

  override load(): void {
    super.load();
    this.values = this.packed.values;
    this.valuesDot = this.packedDot?.values;
  }

  /** The inputs at t. */
  private at(t: number): Float64Array {
    const { out } = this;
    // What is not filled shows as NaN.
    out.fill(Number.NaN);
    const result: unknown = this.drive.inputs(t, out);
    if (result !== undefined) throw invalid("what inputs returned", result, "nothing: it fills its second argument");
    return out;
  }

  override prepare(t: number, rates?: boolean): void {
    if (rates) this.values.set(this.slopes(t), 2 * this.shared);
    const values = this.at(t);
    this.values.set(values);
    this.valuesDot?.set(values);
  }

  /** From the cotangents of the inputs, which the kernels have left behind the values. */
  override alongTime(t: number): number {
    const { values, shared } = this;
    return this.slopes(t).reduce((sum, slope, i) => sum + slope * values[shared + i]!, 0);
  }

  /** The derivatives of the inputs by t, by differences to the side that is further from a jump. */
  private slopes(t: number): Float64Array {
    const { times } = this.drive;
    const next = times.findIndex((time) => time > t);
    // At the end there is nothing above, and at(−2) is what is before the last.
    const [below, above] = [t - times.at(next - 1)!, times[next]! - t || 0];
    // So that t and its neighbour differ by just this.
    const width = t + DISTANCE * Math.max(below, above) - t;
    const slopes = new Float64Array(this.out.length);
    if (width === 0) return slopes;
    for (const [distance, weight] of above >= below ? FORWARD : BACKWARD) {
      const values = this.at(t + distance * width);
      for (let i = 0; i < values.length; i++) slopes[i]! += (weight / width) * values[i]!;
    }
    return slopes;
  }
}
