// Elements and properties: reading them, writing them, and going through them.
import { arrayMethod, lengthOf, valuesOf } from "./arrays.ts";
import { asKnown, asNumber } from "./operators.ts";
import type { Tracer } from "./tracer.ts";
import { ArrayValue, Builtin, Choice, ObjectValue, type Value } from "./values.ts";

const isIndex = (key: string | number): boolean => Number.isInteger(Number(key)) && Number(key) >= 0 && key !== "";

/** `object[key]` */
export function read(tracer: Tracer, object: Value, key: Value, at: number): Value {
  if (object instanceof Choice) {
    const { condition, whenTrue, whenFalse } = object;
    return tracer.heap.merge(condition, read(tracer, whenTrue, key, at), read(tracer, whenFalse, key, at));
  }
  if (key instanceof Choice) {
    const { condition, whenTrue, whenFalse } = key;
    return tracer.heap.merge(condition, read(tracer, object, whenTrue, at), read(tracer, object, whenFalse, at));
  }
  const name = asKnown(tracer, key, "an index", at);
  if (object instanceof ArrayValue) {
    if (name === "length") return object.length.value;
    if (isIndex(name))
      return Number(name) < lengthOf(tracer, object, at) ? object.items[Number(name)]?.value : undefined;
    return arrayMethod(tracer, object, String(name), at);
  }
  if (object instanceof ObjectValue) return object.fields.get(String(name))?.value;
  if (object instanceof Builtin && Object.hasOwn(object.members, name)) return object.members[name];
  if (typeof object === "string" && (name === "length" || isIndex(name))) return object[name as never];
  const shown = object instanceof Builtin ? `${object.name}.${name}` : `.${name}`;
  const remedy =
    object instanceof Builtin
      ? "Compute it before the solve and hand it in by the option uses, or write it with arithmetic and the functions of Math."
      : "Only arrays and objects have members here.";
  return tracer.fail(at, `${shown} cannot be compiled`, remedy);
}

/** `object[key] = value` */
export function write(tracer: Tracer, object: Value, key: Value, value: Value, at: number): void {
  const { heap } = tracer;
  if (object instanceof Choice) {
    heap.choose(
      object.condition,
      () => void write(tracer, object.whenTrue, key, value, at),
      () => void write(tracer, object.whenFalse, key, value, at),
    );
    return;
  }
  const name = asKnown(tracer, key, "an index", at);
  if ((object instanceof ArrayValue || object instanceof ObjectValue) && object.fixed)
    tracer.fail(at, `${object.fixed} is changed`, "Copy it to a local array first.");
  if (object instanceof ObjectValue) {
    const place = object.fields.get(String(name)) ?? heap.place(undefined);
    object.fields.set(String(name), place);
    heap.write(place, value);
    return;
  }
  if (!(object instanceof ArrayValue)) tracer.fail(at, "this cannot be assigned to", "Assign to variables and arrays.");
  if (name === "length" && !object.typed) return heap.write(object.length, asKnown(tracer, value, "a length", at));
  if (!isIndex(name)) tracer.fail(at, `an array has no element ${name}`, "Indices are integers from 0 on.");
  const index = Number(name);
  const length = lengthOf(tracer, object, at);
  if (object.typed && index >= length)
    tracer.fail(at, `element ${index} of an array of ${length} is set`, "Indices end at length − 1.");
  for (let i = length; i <= index; i++) {
    const place = (object.items[i] ??= heap.place(undefined));
    // What is left over there belongs to an array that was longer.
    if (place.value !== undefined) heap.write(place, undefined);
  }
  if (index >= length) heap.write(object.length, index + 1);
  heap.write(object.items[index]!, object.typed ? asNumber(tracer, value, at) : value);
}

/** What `for … of`, spreads and patterns go through. */
export function elementsOf(tracer: Tracer, value: Value, at: number): Value[] {
  if (value instanceof ArrayValue) return valuesOf(tracer, value, at);
  if (typeof value === "string") return [...value];
  if (value instanceof Choice) {
    const [whenTrue, whenFalse] = [elementsOf(tracer, value.whenTrue, at), elementsOf(tracer, value.whenFalse, at)];
    if (whenTrue.length === whenFalse.length)
      return whenTrue.map((element, i) => tracer.heap.merge(value.condition, element, whenFalse[i]));
    tracer.fail(at, "the length of an array depends on the state", "Use arrays of one length.");
  }
  return tracer.fail(at, "this is no array", "Only arrays can be gone through.");
}

/** The keys and values of an object's own properties, or of an array's elements. */
export function entriesOf(tracer: Tracer, value: Value, at: number): [string, Value][] {
  if (value instanceof ObjectValue) return [...value.fields].map(([key, place]) => [key, place.value]);
  return elementsOf(tracer, value, at).map((element, i) => [String(i), element]);
}
