// Kernels that travel together: a WebAssembly module that imports its memory. Its bytes are text in the JavaScript module
// that uses it. So it needs no file, URL, permission, bundler setting or asynchronous start, and bundlers drop what nobody
// imports. Binaries share memories. The first page of a memory belongs to them: each keeps its constants and scratch in a
// part of its own there (`memoryBase` in asconfig.json).
import { SolveError } from "../base/errors.ts";

/** Bytes in a buffer of their own; written so that compilers understand it to whom `Uint8Array` is not generic. */
type Bytes = ReturnType<Uint8Array["slice"]>;

/** What every binary exports. */
export interface Kernels {
  /** The first byte behind what the binary keeps in memory. */
  readonly STATIC_END: WebAssembly.Global;
}

/** An instance of kernels on a memory. */
export const instanceOn = <K extends Kernels>(module: WebAssembly.Module, memory: WebAssembly.Memory): K =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as K;

/** `K`: what the module exports. */
export class Binary<K extends Kernels> {
  /** The module in WebAssembly's binary format, the best build first. */
  readonly builds: () => Bytes[];
  private readonly needs: string;
  private compiled: WebAssembly.Module | undefined;
  private readonly instances = new WeakMap<WebAssembly.Memory, K>();

  /** `needs`: what an engine lacks that finds no build valid. */
  constructor(builds: () => Bytes[], needs = "WebAssembly SIMD, which engines have since 2021") {
    this.builds = builds;
    this.needs = needs;
  }

  /** The best build that the engine finds valid, compiled once, at first use. Throws `SolveError` "unsupported". */
  get module(): WebAssembly.Module {
    this.compiled ??= this.compile();
    return this.compiled;
  }

  private compile(): WebAssembly.Module {
    const build = this.builds().find((bytes) => WebAssembly.validate(bytes));
    if (!build) throw new SolveError("unsupported", `this JavaScript engine has no ${this.needs}`);
    try {
      return new WebAssembly.Module(build);
    } catch (cause) {
      // The bytes are valid: the page forbids to compile them.
      throw new SolveError(
        "unsupported",
        `WebAssembly cannot be compiled here (${String(cause)}); where a page has a Content-Security-Policy, its script-src ` +
          "must allow 'wasm-unsafe-eval'",
        { cause },
      );
    }
  }

  /** The kernels on a memory, one instance for each; `module`: the one to make it of, where it is made. */
  on(memory: WebAssembly.Memory, module?: WebAssembly.Module): K {
    let kernels = this.instances.get(memory);
    if (kernels === undefined) {
      kernels = instanceOn<K>(module ?? this.module, memory);
      this.instances.set(memory, kernels);
    }
    return kernels;
  }
}
