// The fused network of a solve whose vectors are on the GPU: it computes on the solve's own block, tapes included, so nothing
// is copied and nothing is waited for but, now and then, the GPU itself.

import type { Awaitable } from "../../base/waiting.ts";
import type { BindRequest, DeviceBoundField } from "../../fields/field.ts";
import type { Activation } from "../../fields/mlp.ts";
import type { Shape } from "../../fields/mlp-layout.ts";
import { Pace } from "../device/pace.ts";
import type { BlockVector } from "../vectors/block.ts";
import type { BlockArithmetic } from "../vectors/block-arithmetic.ts";
import { FusedMlp } from "./fused-mlp.ts";

export class DeviceFusedMlp implements DeviceBoundField {
  readonly tapeLength: number;
  readonly tape: BlockVector | undefined;
  readonly paramsBar: BlockVector | undefined;
  readonly tau: BlockVector | undefined;
  private readonly arithmetic: BlockArithmetic;
  private readonly network: FusedMlp;
  private readonly params: Float32Array;
  private readonly times: boolean;
  private readonly pace: Pace;

  constructor(
    arithmetic: BlockArithmetic,
    { length, params, slots, gradient, times = false }: BindRequest,
    shape: Shape,
    activation: Activation,
  ) {
    const { block } = arithmetic;
    this.arithmetic = arithmetic;
    this.network = new FusedMlp(block, shape, activation, length / shape.layers[0]!, { slots, gradient });
    const { tapeLength, tape, paramsBar, tau } = this.network;
    this.tapeLength = tapeLength;
    this.tape = tape;
    this.paramsBar = paramsBar;
    this.tau = tau;
    this.params = params as Float32Array;
    this.times = times;
    this.pace = new Pace(block.gpu);
  }

  load(): void {
    this.arithmetic.readback.guard(() => this.network.load(this.params));
  }

  evaluate(t: number, x: BlockVector, dx: BlockVector, slot: number): Awaitable<void> {
    this.network.evaluate(t, x, dx, slot);
    return this.pace.step();
  }

  vjp(t: number, x: BlockVector, cotangent: BlockVector, xBar: BlockVector, slot: number): Awaitable<number> {
    this.network.vjp(t, x, cotangent, xBar, slot);
    return this.times ? this.arithmetic.number(this.tau!) : (this.pace.step()?.then(() => 0) ?? 0);
  }
}
