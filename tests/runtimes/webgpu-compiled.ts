// The text of compiled fields in WGSL, run in a shader of its own: what it computes is what the field computes, to float32 and
// what WGSL promises of its functions (sine and cosine: 2⁻¹¹).
import { compiled } from "../../ts/compiled/index.ts";
import { assert, distance } from "./measure.ts";
import type { Bench } from "./webgpu-problem.ts";

const rational = compiled(
  (t, [x, y, z], dy, { k }) => {
    dy[0] = -k[0]! * x! + k[1]! * y! * z! - t;
    dy[1] = x! > 0.5 && !(z! >= y!) ? x! / (1 + y! * y!) : Math.max(y!, -z!) % 0.3;
    dy[2] = 1e7 * x! ** 2 - Math.abs(y!) / 3;
  },
  { params: { k: [0.04, 3e4] }, dim: 3 },
);

/** Every function of Math, where WGSL has it and where it is written out; without parameters. */
const functions = compiled(
  (_t, [x, y], dy) => {
    dy[0] = Math.cbrt(-x!) + Math.log1p(1e-4 * x!) + Math.expm1(1e-4 * y!) + Math.tanh(80 * x!) + Math.hypot(x!, y!);
    dy[1] = (-x!) ** 3 + y! ** x! + Math.round(3 * x!) + Math.log10(y!) + Math.log2(x!);
    dy[2] = Math.log1p(x!) + Math.expm1(y!) + Math.sign(-x!) + Math.trunc(-3.3 * y!) + Math.fround(x!);
    dy[3] = Math.asinh(x!) + Math.sinh(y!) + Math.acosh(2 + x!) + Math.atanh(0.3 * y!) + Math.exp(-x!);
    dy[4] = Math.atan(x!) + Math.floor(2.5 * y!) + Math.ceil(x!) + Math.sqrt(y!) + Math.cosh(x!) + Math.tan(0.2 * y!);
    dy[5] = Math.atan2(x!, -y!) + Math.asin(0.5 * x!) + Math.acos(0.5 * y!) + Math.sin(x!) * Math.cos(y!);
    dy[6] = dy[7] = Math.min(x!, y!) + Number.EPSILON;
  },
  { dim: 8 },
);

/** f(t, y, p) in a shader. */
async function shaded(device: GPUDevice, field: typeof rational, t: number, y: Float32Array): Promise<Float32Array> {
  const [n, m] = [y.length, field.params.length];
  const copies = [
    `var y: array<f32, ${n}>; for (var i = 0; i < ${n}; i++) { y[i] = io[i]; }`,
    m > 0 ? `var p: array<f32, ${m}>; for (var i = 0; i < ${m}; i++) { p[i] = io[${n} + i]; }` : "",
    `let dy = f(${t}f, y${m > 0 ? ", p" : ""}); for (var i = 0; i < ${n}; i++) { io[i] = dy[i]; }`,
  ];
  const code = `@group(0) @binding(0) var<storage, read_write> io: array<f32>;
    ${field.text("wgsl")}
    @compute @workgroup_size(1) fn main() { ${copies.join("\n")} }`;
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  assert(messages.length === 0, messages.map(({ message }) => message).join("; "));
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const buffer = device.createBuffer({ size: 4 * (n + m), usage: STORAGE | COPY_SRC | COPY_DST });
  const out = device.createBuffer({ size: 4 * n, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(buffer, 0, Float32Array.of(...y, ...field.params));
  const layout = pipeline.getBindGroupLayout(0);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, out, 0, 4 * n);
  device.queue.submit([encoder.finish()]);
  await out.mapAsync(GPUMapMode.READ);
  const dy = new Float32Array(out.getMappedRange().slice(0));
  for (const one of [buffer, out]) one.destroy();
  return dy;
}

export async function compiledShaders({ gpu }: Bench): Promise<string> {
  const cases: [typeof rational, Float32Array, number][] = [
    [rational, Float32Array.of(0.7, 0.2, 0.1), 1e-6],
    [rational, Float32Array.of(0.2, -0.3, 0.4), 1e-6],
    [functions as never, Float32Array.of(0.8, 1.3, 0, 0, 0, 0, 0, 0), 5e-4],
  ];
  const errors: string[] = [];
  for (const [field, y, near] of cases) {
    const error = distance(await shaded(gpu.device, field, 0.25, y), field.evaluate(0.25, Float64Array.from(y)));
    assert(error < near, `relative difference ${error}`);
    errors.push(error.toExponential(1));
  }
  return `relative differences ${errors.join(", ")}`;
}
