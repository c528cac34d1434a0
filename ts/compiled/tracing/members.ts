// Elements and properties: reading them, writing them, and going through them.
import { arrayMethod, elementsOf } from "./arrays.ts";
import { indexOf, isMoving, readMoving, readSpread, writeMoving } from "./families.ts";
import { asKnown, asNumber } from "./operators.ts";
import type { Tracer } from "./tracer.ts";
import { NotKept, valueIn } from "./unread.ts";
import { ArrayValue, Builtin, Choice, ObjectValue, Spread, type Value } from "./values.ts";

const isIndex = (key: string | number | boolean): boolean => /^\d+$/.test(String(key));

/** `object[key]` */
export function read(tracer: Tracer, object: Value, key: Value): Value {
  const { heap } = tracer;
  if (object instanceof Choice)
    return heap.merge(object.condition, read(tracer, object.whenTrue, key), read(tracer, object.whenFalse, key));
  if (key instanceof Choice)
    return heap.merge(key.condition, read(tracer, object, key.whenTrue), read(tracer, object, key.whenFalse));
  const index = indexOf(tracer, key);
  if (object instanceof Spread) return readSpread(tracer, object, index, (own, other) => read(tracer, own, other));
  if (object instanceof ArrayValue && isMoving(index)) return readMoving(tracer, object, index);
  const name = String(asKnown(tracer, index, "an index"));
  if (object instanceof ArrayValue) {
    if (name === "length") return object.length.value;
    if (isIndex(name) && !object.fixed)
      tracer.kept.at(-1)?.reads.push({ array: object, index: { index: Number(name), along: [] } });
    if (isIndex(name)) return Number(name) < object.size(tracer) ? valueIn(object.items[Number(name)]!) : undefined;
    return arrayMethod(tracer, object, name);
  }
  if (object instanceof ObjectValue) {
    const field = object.fields.get(name);
    return field && valueIn(field);
  }
  if (object instanceof Builtin && Object.hasOwn(object.members, name)) return object.members[name];
  const owner = object instanceof Builtin ? object.name : "";
  return tracer.fail(
    `${owner}.${name} cannot be compiled`,
    "Use arithmetic and the functions of Math, or compute it before the solve and hand it in by the option uses.",
  );
}

/** `object[key] = value` */
export function write(tracer: Tracer, object: Value, key: Value, value: Value): void {
  const { heap } = tracer;
  if (object instanceof Choice) {
    heap.choose(
      object.condition,
      () => void write(tracer, object.whenTrue, key, value),
      () => void write(tracer, object.whenFalse, key, value),
    );
    return;
  }
  if (object instanceof ArrayValue && isMoving(key)) {
    writeMoving(tracer, object, key, value);
    return;
  }
  const name = String(asKnown(tracer, key, "an index"));
  if (object instanceof ObjectValue) {
    object.change(tracer);
    let place = object.fields.get(name);
    if (!place) {
      // Of the rounds of a loop only the first adds it.
      if (tracer.kept.length > 0) throw new NotKept();
      place = heap.place(undefined);
      object.fields.set(name, place);
    }
    heap.write(place, value);
    return;
  }
  if (!(object instanceof ArrayValue)) tracer.fail("this is no array and no object", "Assign to elements of arrays.");
  const size = object.size(tracer);
  if (!isIndex(name) || (object.typed && Number(name) >= size))
    tracer.fail(`element ${name} is set of an array of ${size}`, "Indices go from 0 to length − 1.");
  object.set(tracer, Number(name), object.typed ? asNumber(tracer, value) : value);
}

/** The keys and values of an object's own properties, or of an array's elements. */
export function entriesOf(tracer: Tracer, value: Value): [string, Value][] {
  if (value instanceof ObjectValue) return [...value.fields].map(([key, place]) => [key, valueIn(place)]);
  return elementsOf(tracer, value).map((element, i) => [String(i), element]);
}
