// The states that a checkpointed solve keeps, in room for a fixed number of them.
import type { Rows, Vector } from "../vectors/arithmetic.ts";
import type { Tape } from "./adjoint.ts";
import { KEEP, type Placement, SKIP } from "./revolve.ts";

/** Start states of some steps, each of one or more parts. */
export class Checkpoints {
  /** The steps, increasing. */
  readonly positions: number[] = [];
  private readonly places: number[] = [];
  private readonly free: number[] = [];
  private readonly parts: number;
  private readonly rows: Rows;

  /** `parts`: of a state; `rows`: room for them. */
  constructor(parts: number, rows: Rows) {
    this.parts = parts;
    this.rows = rows;
  }

  /** Bytes kept now, as a tape gives them. */
  get bytes(): Tape["bytes"] {
    return { checkpoints: this.rows.bytes, stages: 0, tape: 0 };
  }

  /** Does with the state of step `position`, the next of a forward pass, what `placement` says. */
  offer(position: number, state: readonly Vector[], placement: Placement): void {
    const place = placement.next();
    if (place === SKIP) return;
    if (place !== KEEP) this.remove(place);
    this.push(position, state);
  }

  push(position: number, state: readonly Vector[]): void {
    const { parts, rows } = this;
    const place = this.free.pop() ?? rows.length / parts;
    state.forEach((part, i) => {
      if (place * parts + i < rows.length) rows.write(place * parts + i, part);
      else rows.push(part);
    });
    this.positions.push(position);
    this.places.push(place);
  }

  /** Copies the state kept at `index`. */
  read(index: number, state: readonly Vector[]): void {
    const first = this.places[index]! * this.parts;
    state.forEach((part, i) => this.rows.read(first + i, part));
  }

  /** Forgets the state kept at `index`. */
  remove(index: number): void {
    this.positions.splice(index, 1);
    this.free.push(...this.places.splice(index, 1));
  }

  /** Forgets all states but the first `count`. */
  keepFirst(count: number): void {
    this.positions.length = Math.min(count, this.positions.length);
    this.free.push(...this.places.splice(count));
  }
}
