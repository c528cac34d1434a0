// The modules of a compiled field in the memory of a job, where workers find them.
import type { HostVector, Layout } from "../wasm/scratch.ts";
import { HEADER } from "./job.ts";
import type { Code } from "./row-kernels.ts";

export class PlacedCode {
  private readonly code: Code;
  private readonly forward: HostVector;
  private readonly backward: HostVector;

  constructor(layout: Layout, code: Code) {
    const room = ({ length }: Uint8Array): HostVector => layout.vector(Math.ceil(length / 8), "float64");
    this.code = code;
    this.forward = room(code.forward);
    this.backward = room(code.backward);
  }

  /** Puts the modules in their places and their words into the header; once the memory is leased. */
  write(buffer: ArrayBufferLike, header: number): void {
    const { forward, backward, code } = this;
    const words = new Int32Array(buffer, header, HEADER.words);
    words[HEADER.code] = code.number;
    words[HEADER.forward] = forward.address;
    words[HEADER.forwardBytes] = code.forward.length;
    words[HEADER.backward] = backward.address;
    words[HEADER.backwardBytes] = code.backward.length;
    new Uint8Array(buffer, forward.address).set(code.forward);
    new Uint8Array(buffer, backward.address).set(code.backward);
  }
}
