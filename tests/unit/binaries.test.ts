// The kernels inside the generated modules, as text and as a patch of one another, against the files they were made of.
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
// @ts-expect-error: plain JavaScript, without types
import { bytePatch, byteText } from "../../scripts/byte-text.mjs";
import { binaries } from "../../ts/wasm/binaries.ts";
import { patched } from "../../ts/wasm/byte-patch.ts";
import { bytesOfText } from "../../ts/wasm/byte-text.ts";

const { relaxed, simd } = binaries();

// i32x4.relaxed_trunc_f32x4_s of a zero: a module that only engines with relaxed SIMD find valid.
const probe = [
  ...[0, 97, 115, 109, 1, 0, 0, 0], // the header
  ...[1, 4, 1, 96, 0, 0], // a type: nothing to nothing
  ...[3, 2, 1, 0], // a function of it
  ...[10, 12, 1, 10, 0, 65, 0, 253, 17, 253, 129, 2, 26, 11], // i32.const 0, i32x4.splat, the truncation, drop
];

it.each(Object.entries({ relaxed, simd }))("%s holds the very bytes of its file", (target, bytes) => {
  const file = new URL(`../../build/${target}.wasm`, import.meta.url);
  if (existsSync(file)) expect(readFileSync(file).equals(bytes)).toBe(true);
});

it("the plain binary compiles, and the relaxed one wherever the engine has relaxed SIMD", () => {
  expect(new WebAssembly.Module(simd)).toBeInstanceOf(WebAssembly.Module);
  expect(WebAssembly.validate(relaxed)).toBe(WebAssembly.validate(Uint8Array.from(probe)));
});

it("any bytes survive as text", () => {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(bytesOfText(byteText(every))).toEqual(every);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(bytesOfText(byteText(bytes))).toEqual(bytes);
    }),
  );
});

it("any bytes survive as a patch of any others, whether shared runs keep their order or not", () => {
  const runs = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 });
  const choice = fc.array(fc.nat(), { maxLength: 12 });
  const join = (parts: Uint8Array[]): Buffer => Buffer.concat(parts);
  fc.assert(
    fc.property(runs, choice, choice, (parts, some, others) => {
      const base = join(some.map((i) => parts[i % parts.length]!));
      const target = join(others.map((i) => parts[i % parts.length]!));
      expect(join([patched(base, bytePatch(base, target))]).equals(target)).toBe(true);
    }),
  );
});
