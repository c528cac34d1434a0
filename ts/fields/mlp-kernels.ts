// The kernels of networks (assembly/exports/networks.ts). Every parameter that names a vector or a descriptor
// (descriptor-layout.ts) is an address; lengths count numbers, strides count bytes.
import { Binary, type Kernels } from "../wasm/binary.ts";
import { fusedAndPlain } from "../wasm/unfused.ts";
import { text } from "./generated/networks.ts";

/** Forward value of a network: dx ← f(t, x). A null `dx` leaves the tape only; a null `tape` leaves none. */
type Forward = (descriptor: number, t: number, x: number, dx: number, tape: number) => void;

/** xBar ← Jᵀ cotangent; thetaBar += ∂f/∂θᵀ cotangent (null: left out); returns ∂f/∂t · cotangent. */
type Backward = (
  descriptor: number,
  t: number,
  x: number,
  cotangent: number,
  xBar: number,
  thetaBar: number,
  tape: number,
) => number;

/** out ← J xDot + ∂f/∂θ θ̇; `dot` is the descriptor of θ̇, null where that is 0. */
type Jvp = (descriptor: number, dot: number, t: number, x: number, xDot: number, out: number, tape: number) => void;

/** Packs a matrix B [depth × columns], B[k][j] at w + k·depthStep + j·columnStep, for `denseForward`. */
type DensePack = (
  out: number,
  w: number,
  depthStep: number,
  columnStep: number,
  depth: number,
  columns: number,
) => void;

/** C ← A B + bias for a packed B; a null bias is zero. */
type DenseForward = (
  a: number,
  aStride: number,
  panels: number,
  bias: number,
  c: number,
  cStride: number,
  rows: number,
  columns: number,
  depth: number,
) => void;

/** W [outputs × inputs] += δᵀ A, and bias += column sums of δ. */
type DenseGradient = (
  delta: number,
  deltaStride: number,
  a: number,
  aStride: number,
  w: number,
  wStride: number,
  bias: number,
  rows: number,
  outputs: number,
  inputs: number,
) => void;

export interface NetworkKernels extends Kernels {
  /** Bytes that a running kernel may use, and moving them: each thread on a shared memory has its own. */
  readonly SCRATCH_BYTES: WebAssembly.Global;
  useScratch(address: number): void;
  mlpPackF32(descriptor: number): void;
  mlpPackF64(descriptor: number): void;
  mlpForwardF32: Forward;
  mlpForwardF64: Forward;
  mlpBackwardF32: Backward;
  mlpBackwardF64: Backward;
  mlpJvpF32: Jvp;
  mlpJvpF64: Jvp;
  activationF32(kind: number, out: number, x: number, n: number): void;
  activationF64(kind: number, out: number, x: number, n: number): void;
  /** delta ← delta · act′, from what the forward pass keeps (post-activation; pre-activation for silu and gelu). */
  activationGradientF32(kind: number, delta: number, kept: number, n: number): void;
  activationGradientF64(kind: number, delta: number, kept: number, n: number): void;
  densePackF32: DensePack;
  densePackF64: DensePack;
  denseForwardF32: DenseForward;
  denseForwardF64: DenseForward;
  denseGradientF32: DenseGradient;
  denseGradientF64: DenseGradient;
}

export const NETWORKS: Binary<NetworkKernels> = /* @__PURE__ */ new Binary(() => fusedAndPlain(text));
