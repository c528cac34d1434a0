// Our own shaders, recorded into tfjs's command stream, so that all work on a device runs in the order of the calls. They
// compute on a block: one buffer that holds all vectors of a solve, which go by their address in it, as in WebAssembly.
import type { GpuCounts } from "./counts.ts";
import type { GpuBackend } from "./tfjs.ts";

/** What every shader begins with; it declares `struct Params` itself, of at most 64 words, laid out as uniforms are. */
const BINDINGS = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> block: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;
`;

/** Words of four bytes that the parameters of a dispatch may have. */
const PARAMETER_WORDS = 64;
const SLOT_BYTES = 4 * PARAMETER_WORDS;
const SLOTS = 1024;
/** Dispatches after which the GPU is given what has been recorded, so that it works while more is recorded. */
const BATCH = 64;

/** A compiled shader, from `Commands.shader`. */
export type Shader = GPUComputePipeline;

/** Records dispatches. Their parameters gather in a ring of slots and travel together, before the work is submitted. */
export class Commands {
  /** The parameters of the next dispatch: words from `at` on, as unsigned integers or as floating-point numbers. */
  readonly words: Uint32Array = new Uint32Array(SLOTS * PARAMETER_WORDS);
  readonly floats: Float32Array = new Float32Array(this.words.buffer);
  at = 0;
  private readonly device: GPUDevice;
  private readonly backend: GpuBackend;
  private readonly counts: GpuCounts;
  private readonly ring: GPUBuffer;
  private readonly layout: GPUBindGroupLayout;
  private readonly pipelineLayout: GPUPipelineLayout;
  private readonly shaders = new Map<string, Shader>();
  private readonly groups = new WeakMap<GPUBuffer, GPUBindGroup>();
  /** First word that has not travelled yet. */
  private sent = 0;
  private recorded = 0;

  constructor(device: GPUDevice, backend: GpuBackend, counts: GpuCounts) {
    this.device = device;
    this.backend = backend;
    this.counts = counts;
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    this.ring = device.createBuffer({ size: SLOTS * SLOT_BYTES, usage });
    const visibility = GPUShaderStage.COMPUTE;
    this.layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility, buffer: { type: "storage" } },
        {
          binding: 1,
          visibility,
          buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: SLOT_BYTES },
        },
      ],
    });
    this.pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [this.layout] });
  }

  /** Compiles `code`, whose entry point is `main`; the same code once only. */
  shader(code: string): Shader {
    const known = this.shaders.get(code);
    if (known) return known;
    const module = this.device.createShaderModule({ code: BINDINGS + code });
    const shader = this.device.createComputePipeline({
      layout: this.pipelineLayout,
      compute: { module, entryPoint: "main" },
    });
    this.shaders.set(code, shader);
    return shader;
  }

  /** Records a dispatch of x × y × z workgroups on a block, with the parameters that lie at `at`. */
  dispatch(shader: Shader, block: GPUBuffer, x: number, y = 1, z = 1): void {
    const { backend } = this;
    backend.ensureCommandEncoderReady();
    backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass();
    const pass = backend.computePassEncoder;
    pass.setPipeline(shader);
    pass.setBindGroup(0, this.groupOf(block), [4 * this.at]);
    pass.dispatchWorkgroups(x, y, z);
    this.counts.dispatches++;
    this.at += PARAMETER_WORDS;
    if (++this.recorded >= BATCH || this.at === this.words.length) this.submit();
  }

  private groupOf(block: GPUBuffer): GPUBindGroup {
    let group = this.groups.get(block);
    if (!group) {
      group = this.device.createBindGroup({
        layout: this.layout,
        entries: [
          { binding: 0, resource: { buffer: block } },
          { binding: 1, resource: { buffer: this.ring, size: SLOT_BYTES } },
        ],
      });
      this.groups.set(block, group);
    }
    return group;
  }

  /** Records a copy behind everything recorded so far; offsets and size in bytes, multiples of four. */
  copy(from: GPUBuffer, fromOffset: number, to: GPUBuffer, toOffset: number, bytes: number): void {
    const { backend } = this;
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.commandEncoder!.copyBufferToBuffer(from, fromOffset, to, toOffset, bytes);
    this.recorded++;
  }

  /** Gives the GPU everything recorded so far, tfjs's work included. */
  submit(): void {
    const { backend } = this;
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.submitQueue();
  }

  /** Sends the parameters ahead; to be called before whatever has been recorded is submitted, by whomever. */
  sendParameters(): void {
    const { at, sent } = this;
    this.recorded = 0;
    if (at > sent) this.device.queue.writeBuffer(this.ring, 4 * sent, this.words, sent, at - sent);
    // From the start again: what was submitted before is done before the next parameters arrive.
    if (at === this.words.length) this.at = 0;
    this.sent = this.at;
  }

  /** Frees the ring; nothing can be recorded any more. */
  destroy(): void {
    this.ring.destroy();
  }
}
