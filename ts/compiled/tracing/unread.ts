// A variable without a value before a loop, which rounds may write but must not read first: what they would find there is not
// the same for all of them.

/** Thrown where a loop cannot stay one. */
export class NotKept extends Error {}

/** Stands in a place while a loop is traced that gives it its first value. */
export const UNREAD: object = {};

/** What a place holds; ends the tracing of a loop that cannot stay one for it. */
export function valueIn<V>(place: { readonly value: V }): V {
  if (place.value === UNREAD) throw new NotKept();
  return place.value;
}
