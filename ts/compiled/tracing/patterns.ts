// Assignments: to variables, elements and properties, and apart into patterns.
import type { Declaration, Expression } from "../reader/syntax.ts";
import { elementsOf, entriesOf, read, write } from "./members.ts";
import { asKnown, asTruth, binary } from "./operators.ts";
import type { Tracer } from "./tracer.ts";
import { ObjectValue, type Scope, type Value } from "./values.ts";

/** `target = value`; with `as`, its names are new variables of the scope. */
export function assign(
  tracer: Tracer,
  target: Expression,
  value: Value,
  scope: Scope,
  as?: Declaration | "parameter",
): void {
  const { at } = target;
  switch (target.kind) {
    case "name": {
      // A `var` has its place since its function began.
      if (as && as !== "var") return scope.define(target.name, tracer.heap.place(value));
      const place = scope.find(target.name);
      if (!place)
        tracer.fail(
          at,
          `${target.name}, a variable from outside, is changed`,
          "Equations change their own variables and dy.",
        );
      return tracer.heap.write(place, value);
    }
    case "member": {
      const object = tracer.evaluate(target.object, scope);
      return write(tracer, object, tracer.evaluate(target.key, scope), value, at);
    }
    case "assign": {
      const missing = asTruth(tracer, binary(tracer, "===", value, undefined, at), at);
      const given = tracer.heap.choose(
        missing,
        () => tracer.evaluate(target.value, scope),
        () => value,
      );
      return assign(tracer, target.target, given, scope, as);
    }
    case "array": {
      const elements = elementsOf(tracer, value, at);
      target.items.forEach((item, i) => {
        if (item?.kind === "spread") assign(tracer, item.of, tracer.array(elements.slice(i)), scope, as);
        else if (item) assign(tracer, item, elements[i], scope, as);
      });
      return;
    }
    case "object": {
      const taken = new Set<string>();
      for (const { key, value: part } of target.properties) {
        if (!key) {
          const rest = entriesOf(tracer, value, at).filter(([name]) => !taken.has(name));
          const fields = new Map(rest.map(([name, own]) => [name, tracer.heap.place(own)]));
          assign(tracer, part, new ObjectValue(fields), scope, as);
          continue;
        }
        const name = asKnown(tracer, tracer.evaluate(key, scope), "a key", key.at);
        taken.add(String(name));
        assign(tracer, part, read(tracer, value, name, part.at), scope, as);
      }
      return;
    }
    default:
      tracer.fail(at, "this cannot be assigned to", "Assign to variables and arrays.");
  }
}
