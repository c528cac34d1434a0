// The GPU's errors and buffers, on a device that only pretends: what a software adapter cannot be made to do.
import { SolveError } from "odegrad";
import { describe, expect, test } from "vitest";
import type { Vector } from "../../ts/vectors/arithmetic.ts";
import type { WebGpu } from "../../ts/webgpu/device/gpu.ts";
import { ErrorScopes, lost } from "../../ts/webgpu/device/gpu-errors.ts";
import { BufferPool } from "../../ts/webgpu/device/pool.ts";
import { Block } from "../../ts/webgpu/vectors/block.ts";

/** A device whose open error scopes answer with these errors, by kind. */
function deviceWith(errors: Partial<Record<GPUErrorFilter, string>>): { device: GPUDevice; open: GPUErrorFilter[] } {
  const open: GPUErrorFilter[] = [];
  const device = {
    pushErrorScope: (kind: GPUErrorFilter) => open.push(kind),
    popErrorScope: async () => {
      const message = errors[open.pop()!];
      return message === undefined ? null : { message };
    },
  };
  return { device: device as unknown as GPUDevice, open };
}

describe("error scopes", () => {
  for (const [kind, code] of [
    ["out-of-memory", "out-of-memory"],
    ["validation", "invalid"],
    ["internal", "invalid"],
  ] as const) {
    test(`${kind} becomes ${code}`, async () => {
      const { device, open } = deviceWith({ [kind]: "too much" });
      const error = await new ErrorScopes(device).end();
      expect(error).toBeInstanceOf(SolveError);
      expect(error).toMatchObject({ code, message: expect.stringContaining("too much") });
      expect(open).toEqual([]);
    });
  }

  test("nothing caught, or a device that cannot answer any more, is no error", async () => {
    expect(await new ErrorScopes(deviceWith({}).device).end()).toBeUndefined();
    const { device } = deviceWith({});
    device.popErrorScope = () => Promise.reject(new Error("lost"));
    expect(await new ErrorScopes(device).end()).toBeUndefined();
  });

  test("a lost device is device-lost, and a SolveError stays what it is", () => {
    expect(lost(new Error("unplugged"))).toMatchObject({
      code: "device-lost",
      message: expect.stringContaining("unplugged"),
    });
    const own = new SolveError("aborted", "enough");
    expect(lost(own)).toBe(own);
  });
});

describe("buffer pool", () => {
  const pretend = () => {
    const alive = new Set<object>();
    const createBuffer = ({ size, usage }: GPUBufferDescriptor) => {
      const buffer = { size, usage, destroy: () => alive.delete(buffer) };
      alive.add(buffer);
      return buffer;
    };
    return { device: { createBuffer } as unknown as GPUDevice, alive };
  };

  test("lends again what came back, by size and use", () => {
    const { device, alive } = pretend();
    const pool = new BufferPool(device);
    const [a, b] = [pool.take(16, 1), pool.take(16, 1)];
    expect(a).not.toBe(b);
    pool.give(a);
    expect(pool.take(16, 2)).not.toBe(a);
    expect(pool.take(32, 1)).not.toBe(a);
    expect(pool.take(16, 1)).toBe(a);
    expect(pool.lent).toBe(4);
    expect(alive.size).toBe(4);
  });

  test("frees everything at its end; what comes back later is let go", () => {
    const { device, alive } = pretend();
    const pool = new BufferPool(device);
    const [a, b] = [pool.take(16, 1), pool.take(16, 1)];
    pool.discard(b);
    expect(alive).toEqual(new Set([a]));
    pool.destroy();
    pool.give(a);
    expect(alive.size).toBe(0);
    expect(pool.lent).toBe(0);
  });
});

test("states that the device has no buffer for are refused before anything is taken", () => {
  const limits = { maxStorageBufferBindingSize: 1000, maxBufferSize: 4000 };
  const block = new Block({ device: { limits } } as unknown as WebGpu);
  block.vector(250);
  expect(() => block.take()).toThrow(
    expect.objectContaining({ code: "out-of-memory", message: expect.stringMatching(/1008 bytes.* 1000 at most/) }),
  );
});

test("a vector on the device has no view, and a typed array is no vector", () => {
  const vector: Vector = new Block({} as WebGpu).vector(3);
  // @ts-expect-error: what it holds can be read back only
  expect(vector.view).toBeUndefined();
  // @ts-expect-error: it has no place that an arithmetic knows
  const numbers: Vector = new Float32Array(3);
  expect(numbers.dtype).toBeUndefined();
});
