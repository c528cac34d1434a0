// Reading from a GPU, on a device that only pretends: however a readback ends, its buffers go back to the pool and its error
// scopes are closed.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Scratch } from "../../ts/wasm/scratch.ts";
import type { GpuContext } from "../../ts/webgpu/device/context.ts";
import { GpuExchange } from "../../ts/webgpu/device/gpu-exchange.ts";
import { BufferPool } from "../../ts/webgpu/device/pool.ts";
import { Readback, readBack, type Source } from "../../ts/webgpu/device/readback.ts";
import { HostFusedMlp } from "../../ts/webgpu/networks/fused-host.ts";

beforeAll(() => {
  vi.stubGlobal("GPUMapMode", { READ: 1 });
  vi.stubGlobal("GPUBufferUsage", { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, STORAGE: 128 });
});
afterAll(() => {
  vi.unstubAllGlobals();
});

/** What the device does wrong, if anything. */
interface Faults {
  /** The message of a validation error that the next scopes catch. */
  complaint?: string;
  mapping?: Error;
  copy?: Error;
  submit?: Error;
  upload?: Error;
}

class PretendedBuffer {
  readonly size: number;
  readonly usage: number;
  readonly bytes: ArrayBuffer;
  mapped = false;
  private readonly faults: Faults;

  constructor({ size, usage }: GPUBufferDescriptor, faults: Faults) {
    this.size = size;
    this.usage = usage;
    this.bytes = new ArrayBuffer(size);
    this.faults = faults;
  }

  async mapAsync(): Promise<void> {
    if (this.faults.mapping) throw this.faults.mapping;
    this.mapped = true;
  }

  getMappedRange(): ArrayBuffer {
    return this.bytes;
  }

  unmap(): void {
    this.mapped = false;
  }

  destroy(): void {}
}

/** A device, the error scopes that are open on it, and what it shall do wrong. */
function pretend() {
  const faults: Faults = {};
  const open: string[] = [];
  const device = {
    limits: { maxStorageBufferBindingSize: 2 ** 20, maxBufferSize: 2 ** 20 },
    createBuffer: (descriptor: GPUBufferDescriptor) => new PretendedBuffer(descriptor, faults),
    pushErrorScope: (kind: string) => open.push(kind),
    popErrorScope: async () =>
      open.pop() === "validation" && faults.complaint !== undefined ? { message: faults.complaint } : null,
    queue: {
      writeBuffer() {
        if (faults.upload) throw faults.upload;
      },
    },
  } as unknown as GPUDevice;
  const words = new Uint32Array(64);
  const commands = {
    words,
    floats: new Float32Array(words.buffer),
    at: 0,
    shader: () => ({}),
    dispatch() {},
    copy(from: PretendedBuffer, fromOffset: number, to: PretendedBuffer, toOffset: number, bytes: number) {
      if (faults.copy) throw faults.copy;
      new Uint8Array(to.bytes).set(new Uint8Array(from.bytes, fromOffset, bytes), toOffset);
    },
    submit() {
      if (faults.submit) throw faults.submit;
    },
  };
  const tf = { getBackend: () => "webgpu", tidy: <T>(f: () => T) => f(), dispose() {} };
  const backend = { uploadToGPU() {}, tensorMap: new Map<object, { resource: GPUBuffer }>() };
  const counts = { readbacks: 0, dispatches: 0, bytesUploaded: 0, bytesRead: 0 };
  const gpu = {
    tf,
    device,
    counts,
    backend,
    commands,
    pool: new BufferPool(device),
    failure: undefined,
  } as unknown as {
    -readonly [K in keyof GpuContext]: GpuContext[K];
  };
  gpu.end = (failure) => {
    gpu.failure = failure;
  };
  /** Numbers on the device, after one that is not read. */
  const source = (...numbers: number[]): Source => {
    const bytes = Float32Array.of(-1, ...numbers).buffer;
    return { buffer: { bytes } as unknown as GPUBuffer, offset: 4, length: numbers.length };
  };
  return { gpu, faults, open, source };
}

const leased = (): Scratch => {
  const scratch = new Scratch();
  scratch.lease();
  return scratch;
};

const listed = (parts: readonly Float32Array[]): number[][] => parts.map((part) => [...part]);

describe("a readback", () => {
  test("brings all numbers with one wait, and gives its buffer back", async () => {
    const { gpu, open, source } = pretend();
    const scratch = leased();
    const parts = await readBack(gpu, scratch, () => [source(1, 2, 3), source(), source(4)], listed);
    scratch.release();
    expect(parts).toEqual([[1, 2, 3], [], [4]]);
    expect(gpu.counts).toMatchObject({ readbacks: 1, bytesRead: 16 });
    expect([gpu.pool.lent, ...open]).toEqual([0]);
  });

  test("of many takings grows by whole buffers and delivers each", async () => {
    const { gpu, source } = pretend();
    const readback = new Readback(gpu);
    const arrived: number[][] = [];
    const sources = Array.from({ length: 100 }, (_, i) => [i, i + 0.5]);
    for (const numbers of sources) readback.take(source(...numbers), (part) => arrived.push([...part]));
    await readback.arrived();
    expect(arrived).toEqual(sources);
    expect(gpu.pool.lent).toBe(0);
    expect(readback.arrived()).toBeUndefined();
  });

  const wrong = new Error("wrong");
  const ends: Record<string, (faults: Faults) => { record?: () => never; receive?: () => never }> = {
    "recording throws": () => ({
      record: () => {
        throw wrong;
      },
    }),
    "the copy throws": (faults) => {
      faults.copy = wrong;
      return {};
    },
    "the submission throws": (faults) => {
      faults.submit = wrong;
      return {};
    },
    "the receiver throws": () => ({
      receive: () => {
        throw wrong;
      },
    }),
  };
  for (const [name, end] of Object.entries(ends)) {
    test(`leaves nothing behind where ${name}`, async () => {
      const { gpu, faults, open, source } = pretend();
      const scratch = leased();
      const { record = () => [source(1)], receive = listed } = end(faults);
      await expect(readBack(gpu, scratch, record, receive)).rejects.toBe(wrong);
      scratch.release();
      expect([gpu.pool.lent, ...open]).toEqual([0]);
    });
  }

  test("that arrives after its solve has ended is dropped", async () => {
    const { gpu, source } = pretend();
    const scratch = leased();
    const pending = readBack(gpu, scratch, () => [source(1)], listed);
    scratch.release();
    await expect(pending).rejects.toMatchObject({ code: "aborted" });
    expect(gpu.pool.lent).toBe(0);
  });

  test("fails with what the device refused, and its buffer is not lent again", async () => {
    const { gpu, faults, open, source } = pretend();
    faults.complaint = "no such buffer";
    await expect(readBack(gpu, leased(), () => [source(1)], listed)).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining("no such buffer"),
    });
    expect(gpu.failure).toBeUndefined();
    expect([gpu.pool.lent, ...open]).toEqual([0]);
  });

  test("that cannot be mapped ends the device; later ones fail at once", async () => {
    const { gpu, faults, open, source } = pretend();
    faults.mapping = new Error("unplugged");
    const scratch = leased();
    const lost = { code: "device-lost", message: expect.stringContaining("unplugged") };
    await expect(readBack(gpu, scratch, () => [source(1)], listed)).rejects.toMatchObject(lost);
    const record = vi.fn(() => [source(1)]);
    await expect(readBack(gpu, scratch, record, listed)).rejects.toMatchObject(lost);
    scratch.release();
    expect(record).not.toHaveBeenCalled();
    expect([gpu.pool.lent, ...open]).toEqual([0]);
  });

  test("of a solve on the device leaves nothing behind where its submission throws", async () => {
    const { gpu, faults, open, source } = pretend();
    const readback = new Readback(gpu);
    readback.take(source(1), () => {});
    faults.submit = wrong;
    await expect(readback.arrived()).rejects.toBe(wrong);
    expect([gpu.pool.lent, ...open]).toEqual([0]);
  });
});

test("an exchange leaves nothing behind where a result cannot be copied", async () => {
  const { gpu, faults, open } = pretend();
  const dataId = {};
  const buffer = new PretendedBuffer({ size: 4, usage: 0 }, faults);
  (gpu.backend.tensorMap as unknown as Map<object, object>).set(dataId, { resource: buffer });
  const tensor = { dataId, size: 1, clone: () => tensor } as unknown as import("@tensorflow/tfjs-core").Tensor;
  const exchange = new GpuExchange(gpu, leased());
  faults.copy = new Error("wrong");
  await expect(exchange.compute(() => [tensor], listed)).rejects.toThrow("wrong");
  expect([gpu.pool.lent, ...open]).toEqual([0]);
});

test("a network leaves nothing behind where a state cannot be uploaded", async () => {
  const { gpu, faults, open } = pretend();
  const scratch = new Scratch();
  const params = new Float32Array(6);
  const request = { length: 2, params, slots: 0, gradient: true };
  const field = new HostFusedMlp(gpu as never, scratch, request, { layers: [2, 2], time: false }, "tanh");
  const [x, dx] = [scratch.vector(2, "float32"), scratch.vector(2, "float32")];
  scratch.lease();
  field.load();
  faults.upload = new Error("wrong");
  await expect(field.evaluate(0, x, dx)).rejects.toThrow("wrong");
  await expect(field.vjp(0, x, x, dx)).rejects.toThrow("wrong");
  expect(open).toEqual([]);
  scratch.release();
  expect(gpu.pool.lent).toBe(0);
});
