// Room on a GPU for a solve whose vectors stay there.
import type { BindRequest, DeviceBoundField, Field } from "../../fields/field.ts";
import type { Scratch } from "../../wasm/scratch.ts";
import type { TensorDevice } from "../device/exchange.ts";
import { WebGpu } from "../device/gpu.ts";
import { BlockArithmetic } from "./block-arithmetic.ts";

/** `Field.onDevice` of a field that `bind` binds to vectors of a block; undefined where the device is no GPU. */
export const onGpu = (
  device: TensorDevice,
  bind: (scratch: Scratch, arithmetic: BlockArithmetic, request: BindRequest) => DeviceBoundField,
): Field["onDevice"] =>
  device instanceof WebGpu
    ? (scratch, length) => {
        const arithmetic = BlockArithmetic.on(device, scratch, length);
        return { arithmetic, bind: (request) => bind(scratch, arithmetic, request) };
      }
    : undefined;
