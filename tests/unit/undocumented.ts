// What the check of documentation must find: see jsr.test.ts.
interface Hidden {
  readonly x: number;
}

/** Names a type that is not exported. */
export function shown(hidden: Hidden): number {
  return hidden.x;
}

export const silent: number = 1;
