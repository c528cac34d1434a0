// What the solver knows of a vector field dy/dt = f(t, y, θ). A field is bound to a solve's vectors, in WebAssembly
// memory or on its device; a bound field evaluates f and its vector–Jacobian product there.

import type { Dtype, FloatArray } from "../base/dtype.ts";
import type { Awaitable } from "../base/waiting.ts";
import type { Arithmetic, Rows, Vector } from "../vectors/arithmetic.ts";
import type { Precision } from "../vectors/kernels.ts";
import type { HostVector, Scratch } from "../wasm/scratch.ts";

/** No stored tape: a VJP asked for with this slot evaluates the field anew. */
export const RECOMPUTE = -1;

/** What a solve asks of a field when it binds it. */
export interface BindRequest {
  /** Numbers in the whole state, `batch × dim`. */
  readonly length: number;
  /** The parameters to compute with; a copy, so that later updates of `field.params` change nothing. */
  readonly params: FloatArray | undefined;
  /** How many evaluations' tapes must be kept side by side; 0 where none is wanted. */
  readonly slots: number;
  /** Whether VJPs will be asked for. */
  readonly gradient: boolean;
  /** Whether VJPs must return ∂f/∂t · cotangent on a device too, where that takes a readback. */
  readonly times?: boolean;
  /** Where tangents will be asked for: θ̇, whose params are undefined where it is zero. Fixed, as θ is, so it is packed once. */
  readonly tangent?: { readonly params: ArrayLike<number> | undefined };
  /** Whether `jacobian` will be asked for. */
  readonly jacobian?: boolean;
  /** How many pairs `second` will be given at a time, at most; left out where it will not be asked for. */
  readonly pairs?: number;
}

/** A direction (tangent, time) in which state and time move, and a cotangent of f. */
export interface Pair<V extends Vector = Vector> {
  readonly tangent: V;
  readonly time: number;
  readonly cotangent: V;
}

/**
 * Which entries of a square matrix may differ from 0, row after row and in each row by ascending columns (compressed sparse
 * rows): what is not in it is 0 at every point.
 */
export interface SparsityPattern {
  /** Rows of the matrix, and columns. */
  readonly size: number;
  /** The entries of row i are those from `starts[i]` to before `starts[i + 1]`. [size + 1] */
  readonly starts: Int32Array;
  /** The row of each entry. */
  readonly rows: Int32Array;
  /** The column of each entry. */
  readonly columns: Int32Array;
}

/** A JavaScript function that fills its output at once, to be called on the views. */
export interface FillingField {
  readonly f: (t: number, y: Float64Array, dy: Float64Array, params: unknown) => unknown;
  readonly params: unknown;
  /** Takes what the function returned although it used to fill; throws `invalid` for anything but numbers. */
  answer(result: unknown, dy: Float64Array): void;
}

/** A JavaScript function as text, for a whole step written in JavaScript to take in; used where it `fills`, too. */
export interface FieldText {
  /** Statements at the beginning of the step, with `params`. */
  readonly head: string;
  /**
   * Statements that set the variables `${dy}_0`, `${dy}_1`, … and the array `dy` from t, an expression, and the variables
   * `${y}_0`, `${y}_1`, ….
   */
  at(t: string, y: string, dy: string): string;
}

/** Rows for tapes in memory of the field's own, where evaluations leave them and VJPs find them. */
export interface TapeRows extends Rows {
  /** Whether they still are there. Otherwise they are copied, as others are. */
  readonly inPlace: boolean;
  /** Whether they are nowhere any more. */
  readonly lost: boolean;
  /** Appends a row to be filled in place; false, and no row, where that cannot be. */
  extend(): boolean;
  /** They have served: whoever needs the room first may have it. */
  spend(): void;
  /** Gives them up now. */
  drop(): void;
}

/** Tapes of evaluations in memory of the field's own. */
export interface OwnTapes {
  /** Makes rows for the tapes of a recording. While rows are used and in place, slots are their numbers. */
  record(): TapeRows;
  /** Uses the rows that another binding of the same field has made. */
  use(rows: TapeRows): void;
}

/** A field bound to a solve's vectors, which are of the kind V. Everything it touches lives beside them. */
export interface BoundField<V extends Vector = Vector> {
  /** Numbers an evaluation leaves behind for its VJP, in the dtype of its arithmetic; 0 if the VJP needs none. */
  readonly tapeLength: number;
  /** The tapes, `slots × tapeLength` numbers (undefined when slots × tapeLength = 0). */
  readonly tape: V | undefined;
  /** ∂L/∂θ, accumulated by every `vjp`; the caller zeroes it (undefined without parameters or gradient). */
  readonly paramsBar: V | undefined;
  /** Called once after the lease: copies parameters in, packs weights. */
  load(): void;
  /** dx ← f(t, x); leaves its tape in `slot` where `slot` ≥ 0 and slots were asked for. */
  evaluate(t: number, x: V, dx: V, slot: number): Awaitable<void>;
  /**
   * xBar ← Jᵀ cotangent, paramsBar += Fᵀ cotangent; returns ∂f/∂t · cotangent.
   * `slot` names the tape that `evaluate` left at the same (t, x), or is RECOMPUTE.
   * xBar never aliases x or cotangent.
   */
  vjp(t: number, x: V, cotangent: V, xBar: V, slot: number): Awaitable<number>;
  /**
   * out ← J xDot + F θ̇, with θ̇ from the request. `slot` names the tape that `evaluate` has just left at the same (t, x).
   * out never aliases x or xDot. Exists where the field's `hasJvp` says so.
   */
  jvp?(t: number, x: V, xDot: V, out: V, slot: number): Awaitable<void>;
  /** The pattern of ∂f/∂x of one row of the state; with `jacobian`. */
  readonly sparsity?: SparsityPattern | undefined;
  /**
   * values ← the entries of ∂f/∂x at (t, x) in the pattern's order, of each row of the state in turn; dfdt ← ∂f/∂t, where it
   * is given. Neither aliases x. For bindings that asked for it; exists where the field's `hasJacobian` says so.
   */
  jacobian?(t: number, x: V, values: V, dfdt?: V): Awaitable<void>;
  /**
   * Of s = Σ cotangent · (J tangent + ∂f/∂t time), the sum over the pairs, all at (t, x): xBar ← ∇ₓ s, paramsBar += ∇_θ s;
   * returns ∂s/∂t. This is the derivative of VJPs along the tangents. `slot` and xBar as in `vjp`. Exists where the field's
   * `hasSecond` says so.
   */
  second?(t: number, x: V, pairs: readonly Pair<V>[], xBar: V, slot: number): Awaitable<number>;
  /**
   * Adds what VJPs have accumulated elsewhere, on a device or chunk by chunk in threads, to paramsBar; to be called before
   * paramsBar is read, where it exists. It may follow a VJP that is still pending.
   */
  flush?(): Awaitable<void>;
  /**
   * The JavaScript function behind the field, which a whole step written in JavaScript may call itself, and then counts.
   * "unknown" until the first evaluation has shown whether it fills its output at once.
   */
  readonly filling?: FillingField | "unknown" | undefined;
  /** The same function as text, the same object wherever the text is the same. */
  readonly text?: FieldText | undefined;
  /** Where tapes need not be copied. */
  readonly ownTapes?: OwnTapes | undefined;
}

/** A field bound to vectors on its device. */
export interface DeviceBoundField extends BoundField {
  /** Where a VJP leaves ∂f/∂t · cotangent, one number (undefined without gradient). */
  readonly tau: Vector | undefined;
}

/** A solve's vectors on a field's device, and the field that works on them there. */
interface DeviceSpace {
  readonly arithmetic: Arithmetic;
  /** As `Field.bind`. */
  readonly bind: (request: BindRequest) => DeviceBoundField;
}

/** A field as users make one (`mlp`, `vectorField`, `tfjsField`); a bare function is wrapped into one. */
export interface Field {
  /** The precision of states, parameters and arithmetic. */
  readonly dtype: Dtype;
  /** @internal The kernels that its precision needs of vectors. */
  readonly vectors?: Precision["vectors"];
  /** Width of one row of the state; undefined where any length will do. */
  readonly dim: number | undefined;
  /** The parameters θ, owned by the user and updated in place by optimisers; undefined without parameters. */
  readonly params: FloatArray | undefined;
  /** @internal One flat array of parameters that are given by name, in the order of `params`, where they have names. */
  flat?(params: unknown): FloatArray;
  /** Lengths of the tensors that the parameters consist of, in order; undefined: they are one. */
  readonly tensors?: readonly number[];
  /** Whether `vjp` may be asked for. */
  readonly differentiable: boolean;
  /** Whether rows of the state do not depend on each other. */
  readonly rowwise?: boolean;
  /** Whether `jvp` may be asked for. */
  readonly hasJvp?: boolean;
  /** Whether `second`, the derivative of VJPs, may be asked for. */
  readonly hasSecond?: boolean;
  /** Whether `jacobian` and `sparsity` of a bound field may be asked for. */
  readonly hasJacobian?: boolean;
  /** The pattern of ∂f/∂y of one row of the state, where it is known. */
  readonly sparsity?: SparsityPattern | undefined;
  /** @internal About how many numbers an evaluation leaves behind for its VJP, of a state of `length`; undefined: not known. */
  tapeLength?(length: number): number;
  /**
   * @internal The field as a solve has it: with what the solve's option `inputs` is, where f jumps at most at `times`, its start and end
   * among them. Throws `SolveError` "invalid" for what no solve can have. Left out: the field itself, without inputs.
   */
  inSolve?(inputs: unknown, times: readonly number[]): Field;
  /** @internal Where the field can work on states that are on its device: room there for a solve with states of `length` numbers. */
  readonly onDevice?: ((scratch: Scratch, length: number) => DeviceSpace) | undefined;
  /** @internal Declares the vectors needed in `scratch` and returns the field bound to them (usable once it is leased). */
  bind(scratch: Scratch, request: BindRequest): BoundField<HostVector>;
}

/** A field that evaluates asynchronously, such as one on a GPU. */
export interface AsyncField extends Field {
  /** Evaluations are promises, and so is what `solve` returns. */
  readonly asynchronous: true;
}
