// The kernels of vectors in float32: a binary of their own, because most solves of JavaScript functions have no use for it.
import type { Dtype } from "../base/dtype.ts";
import type { Binary } from "../wasm/binary.ts";
import { text } from "./generated/vectors-f32.ts";
import { type Precision, type VectorKernels, vectorBinary } from "./kernels.ts";

export const VECTORS_F32: Binary<VectorKernels> = /* @__PURE__ */ vectorBinary(text);

/** What a field that has either precision gives as its `vectors`. */
export const vectorsOf = (dtype: Dtype): Precision["vectors"] => (dtype === "float32" ? VECTORS_F32 : undefined);
