// Events as users declare them, and as a solution lists them.
import type { FloatArray } from "../base/dtype.ts";

/** A function of time and state whose zeros are events. */
export interface SolveEvent {
  /** Its zeros are the events; `y` is a view to read now. */
  readonly root: (t: number, y: FloatArray) => number;
  /** 1: only from negative to positive along the integration, −1: only from positive to negative; both by default. */
  readonly direction?: 1 | -1;
  /** End the solve there, with status "stopped"; also at the start, where the root function is 0 there. */
  readonly terminal?: boolean;
  /** Changes the state in place; the solve goes on from there. */
  readonly effect?: (t: number, y: FloatArray) => void;
}

/** An event that occurred. */
export interface EventRecord {
  /** Which of `events`. */
  readonly index: number;
  readonly t: number;
  /** The state there, before any effect. */
  readonly y: FloatArray;
}
