// A multilayer perceptron in shaders of our own, on the vectors of a block: one dispatch a layer forward, two a layer for
// the VJP, each a matrix product with everything around it. All is recorded only; nobody waits, nothing is allocated.
import { RECOMPUTE } from "../../fields/field.ts";
import type { Activation } from "../../fields/mlp.ts";
import { parameterLayout, type Shape } from "../../fields/mlp-layout.ts";
import type { Commands, Shader } from "../device/commands.ts";
import type { Block, BlockVector } from "../vectors/block.ts";
import { type Product, productShader, TIME_WORD, type Tile, tileFor } from "./products.ts";
import { GATHER, SUM_LANES, TOTAL } from "./sums.ts";
import { feedOf, wgslOf } from "./wgsl-activations.ts";

/** The gradient of the weights sums over the batch: in parts, until about so many workgroups are busy … */
const BUSY = 256;
/** … each with at least so many rows, and all parts together within so many numbers. */
const LEAST_ROWS = 64;
const MOST_PARTIALS = 1 << 24;

interface FusedRequest {
  /** How many evaluations' tapes to keep side by side. */
  readonly slots: number;
  /** Whether VJPs will be asked for. */
  readonly gradient: boolean;
}

/** A dense layer: its sizes, and where its numbers lie in θ and in a tape. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** Numbers in a row of W. */
  readonly stride: number;
  readonly weights: number;
  readonly bias: number;
  /** Of what is kept of its outputs; the last layer keeps nothing. */
  readonly tape: number;
}

/** A shader with the workgroups and parameters that stay the same; addresses and t are filled in. */
interface Dispatch {
  readonly shader: Shader;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly words: Uint32Array;
}

export class FusedMlp {
  readonly tapeLength: number;
  /** What evaluations keep for their VJPs, slots × tapeLength. */
  readonly tape: BlockVector | undefined;
  /** ∂L/∂θ in the layout of θ: every VJP adds to it. */
  readonly paramsBar: BlockVector | undefined;
  /** One number, ∂f/∂t · cotangent of the last VJP. */
  readonly tau: BlockVector | undefined;
  private readonly block: Block;
  private readonly commands: Commands;
  private readonly activation: Activation;
  private readonly time: boolean;
  private readonly batch: number;
  private readonly layers: readonly Layer[];
  private readonly theta: BlockVector;
  /** The tape of what keeps none. */
  private readonly spare: BlockVector | undefined;
  /** Cotangents of hidden layers, of two neighbouring ones at a time. */
  private readonly deltas: readonly BlockVector[];
  /** Each row's share of `tau`. */
  private readonly shares: BlockVector | undefined;
  private readonly parts: number;
  /** parts × θ; undefined where `paramsBar` itself takes the sums. */
  private readonly partials: BlockVector | undefined;
  // From `load`.
  private forward!: readonly Dispatch[];
  private backward!: readonly Dispatch[];
  private gradients!: readonly Dispatch[];
  private gather: Dispatch | undefined;
  private total: Dispatch | undefined;

  /** Declares its vectors in the block, for `batch` rows. */
  constructor(block: Block, shape: Shape, activation: Activation, batch: number, { slots, gradient }: FusedRequest) {
    this.block = block;
    this.commands = block.gpu.commands;
    this.activation = activation;
    this.time = shape.time;
    this.batch = batch;
    const { dense, length } = parameterLayout(shape);
    let tapeLength = 0;
    this.layers = dense.map(({ inputs, outputs, weights }, l) => {
      const stride = inputs + (shape.time && l === 0 ? 1 : 0);
      const layer = { inputs, outputs, stride, weights, bias: weights + outputs * stride, tape: tapeLength };
      if (l < dense.length - 1) tapeLength += batch * outputs;
      return layer;
    });
    this.tapeLength = tapeLength;
    this.theta = block.vector(length);
    if (slots * tapeLength > 0) this.tape = block.vector(slots * tapeLength);
    if (tapeLength > 0) this.spare = block.vector(tapeLength);
    this.deltas = [];
    this.parts = 1;
    if (!gradient) return;
    this.paramsBar = block.vector(length);
    this.tau = block.vector(1);
    if (shape.time) this.shares = block.vector(batch);
    const widest = Math.max(0, ...shape.layers.slice(1, -1));
    this.deltas = [0, 1].map(() => block.vector(batch * widest));
    const tiles = dense.map(({ inputs, outputs }) => count(outputs, inputs, tileFor(outputs, inputs)));
    const busy = Math.ceil(BUSY / Math.max(...tiles));
    this.parts = Math.max(1, Math.min(busy, Math.ceil(batch / LEAST_ROWS), Math.floor(MOST_PARTIALS / length)));
    if (this.parts > 1) this.partials = block.vector(this.parts * length);
  }

  /** After the block is taken: uploads θ and compiles the shaders. */
  load(params: Float32Array): void {
    const { block, layers, tau } = this;
    block.write(this.theta, params);
    this.forward = layers.map((_, l) => this.forwardOf(l));
    if (!tau) return;
    block.write(tau, new Float32Array(1));
    this.backward = layers.map((_, l) => this.backwardOf(l));
    this.gradients = layers.map((_, l) => this.gradientOf(l));
    const { length } = params;
    if (this.partials) {
      const words = Uint32Array.of(this.partials.address, this.paramsBar!.address, length, this.parts);
      this.gather = { shader: this.commands.shader(GATHER), x: Math.ceil(length / SUM_LANES), y: 1, z: 1, words };
    }
    if (this.shares) {
      const words = Uint32Array.of(this.shares.address, tau.address, this.batch);
      this.total = { shader: this.commands.shader(TOTAL), x: 1, y: 1, z: 1, words };
    }
  }

  /** dx ← f(t, x); keeps its tape in `slot` where that is not negative. */
  evaluate(t: number, x: BlockVector, dx: BlockVector, slot: number): void {
    this.run(t, x.address, dx.address, this.tapeAt(slot), this.layers.length);
  }

  /** xBar ← Jᵀ cotangent, tau ← ∂f/∂t · cotangent, and paramsBar += ∂f/∂θᵀ cotangent, from the tape in `slot` or RECOMPUTE. */
  vjp(t: number, x: BlockVector, cotangent: BlockVector, xBar: BlockVector, slot: number): void {
    const { layers, theta, deltas } = this;
    const tape = this.tapeAt(slot);
    if (slot === RECOMPUTE) this.run(t, x.address, 0, tape, layers.length - 1);
    const sums = (this.partials ?? this.paramsBar!).address;
    let delta = cotangent.address;
    for (let l = layers.length - 1; l >= 0; l--) {
      const { weights } = layers[l]!;
      const input = l === 0 ? x.address : tape + layers[l - 1]!.tape;
      this.record(this.gradients[l]!, t, delta, input, sums + weights, 0);
      const next = l === 0 ? xBar.address : deltas[l % 2]!.address;
      const beside = l === 0 ? (this.shares?.address ?? 0) : input;
      this.record(this.backward[l]!, t, delta, theta.address + weights, next, beside);
      delta = next;
    }
    if (this.gather) this.start(this.gather);
    if (this.total) this.start(this.total);
  }

  /** The first `count` layers. */
  private run(t: number, x: number, dx: number, tape: number, count: number): void {
    const { layers, theta } = this;
    let input = x;
    for (let l = 0; l < count; l++) {
      const { weights, bias } = layers[l]!;
      const output = l === layers.length - 1 ? dx : tape + layers[l]!.tape;
      this.record(this.forward[l]!, t, input, theta.address + weights, output, theta.address + bias);
      input = output;
    }
  }

  private tapeAt(slot: number): number {
    if (slot >= 0 && this.tape) return this.tape.address + slot * this.tapeLength;
    return this.spare?.address ?? 0;
  }

  private record(dispatch: Dispatch, t: number, a: number, b: number, c: number, d: number): void {
    const { commands } = this;
    const { words } = dispatch;
    words[0] = a;
    words[1] = b;
    words[2] = c;
    words[3] = d;
    commands.floats[commands.at + TIME_WORD] = t;
    this.start(dispatch);
  }

  private start({ shader, x, y, z, words }: Dispatch): void {
    const { commands } = this;
    commands.words.set(words, commands.at);
    commands.dispatch(shader, this.block.buffer, x, y, z);
  }

  private dispatchOf(
    texts: Omit<Product, "functions">,
    rows: number,
    columns: number,
    depth: number,
    strides: readonly [a: number, b: number, c: number],
    part = 0,
  ): Dispatch {
    const { tile, split, a, b, store } = texts;
    // Only where they are used: shaders are known by their text, and layers share them.
    const functions = /\b(keep|feed|slope)\(/.test(a + b + store) ? wgslOf(this.activation) : "";
    const words = Uint32Array.of(0, 0, 0, 0, rows, columns, depth, ...strides, part, this.theta.length);
    const shader = this.commands.shader(productShader({ ...texts, functions }));
    return {
      shader,
      x: Math.ceil(columns / tile.columns),
      y: Math.ceil(rows / tile.rows),
      z: split ? this.parts : 1,
      words,
    };
  }

  /** kept ← keep(feed(A) Wᵀ + bias + t w), or the output without `keep`; d is the bias. */
  private forwardOf(l: number): Dispatch {
    const { inputs, outputs, stride } = this.layers[l]!;
    const { batch } = this;
    const time = this.time && l === 0 ? " + p.t * block[p.b + j * p.bStride + p.depth]" : "";
    const value = `v + block[p.d + j]${time}`;
    const last = l === this.layers.length - 1;
    const texts = {
      tile: tileFor(batch, outputs),
      a: this.fed(l, "block[p.a + i * p.aStride + k]"),
      aAlong: "k" as const,
      b: "block[p.b + j * p.bStride + k]",
      bAlong: "k" as const,
      store: `block[p.c + i * p.cStride + j] = ${last ? value : `keep(${value})`};`,
    };
    return this.dispatchOf(texts, batch, outputs, inputs, [inputs, stride, outputs]);
  }

  /** δ ← (Δ W) · slope(kept), kept at d; at the first layer without the slope, and the column of t goes to `shares`, at d. */
  private backwardOf(l: number): Dispatch {
    const { inputs, outputs, stride } = this.layers[l]!;
    const { batch } = this;
    const hidden = "block[p.c + i * p.cStride + j] = v * slope(block[p.d + i * p.cStride + j]);";
    const plain = "block[p.c + i * p.cStride + j] = v;";
    const first = this.time ? `if (j < p.cStride) { ${plain} } else { block[p.d + i] = v; }` : plain;
    const columns = l === 0 ? stride : inputs;
    const texts = {
      tile: tileFor(batch, columns),
      a: "block[p.a + i * p.aStride + k]",
      aAlong: "k" as const,
      b: "block[p.b + k * p.bStride + j]",
      bAlong: "j" as const,
      store: l === 0 ? first : hidden,
    };
    return this.dispatchOf(texts, batch, columns, outputs, [outputs, stride, inputs]);
  }

  /** W̄ += Δᵀ feed(A), b̄ += the column sums of Δ, w̄ += t times those; or partial sums of them. */
  private gradientOf(l: number): Dispatch {
    const { inputs, outputs, stride } = this.layers[l]!;
    const to = this.partials ? "=" : "+=";
    const at = `p.c${this.partials ? " + group.z * p.pitch" : ""}`;
    const time = this.time && l === 0 ? `block[${at} + i * p.cStride + p.columns] ${to} p.t * v;` : "";
    const texts = {
      tile: tileFor(outputs, inputs),
      a: "block[p.a + k * p.aStride + i]",
      aAlong: "i" as const,
      b: this.fed(l, "block[p.b + k * p.bStride + j]"),
      bAlong: "j" as const,
      store: `block[${at} + i * p.cStride + j] ${to} v;`,
      storeRowSum: `block[${at} + p.rows * p.cStride + i] ${to} v; ${time}`,
      split: this.partials !== undefined,
    };
    const part = Math.ceil(this.batch / this.parts);
    return this.dispatchOf(texts, outputs, inputs, this.batch, [outputs, inputs, stride], part);
  }

  /** What layer l is fed with, where the one before has kept `value`. */
  private fed(l: number, value: string): string {
    return l === 0 ? value : feedOf(this.activation, value);
  }
}

const count = (rows: number, columns: number, tile: Tile): number =>
  Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns);
