// Assignments: to variables, elements and properties, and apart into patterns.
import type { Expression } from "../reader/syntax.ts";
import { elementsOf } from "./arrays.ts";
import { entriesOf, read, write } from "./members.ts";
import { asKnown, isEqual } from "./operators.ts";
import type { Tracer } from "./tracer.ts";
import { ObjectValue, type Scope, type Value } from "./values.ts";

/** `target = value`; where it `declares`, its names are new variables of the scope. */
export function assign(tracer: Tracer, target: Expression, value: Value, scope: Scope, declares: boolean): void {
  const { heap } = tracer;
  const to = (part: Expression, own: Value): void => assign(tracer, part, own, scope, declares);
  tracer.at = target.at;
  switch (target.kind) {
    case "name": {
      const place = declares ? heap.place(undefined) : scope.find(target.name);
      if (!place)
        tracer.fail(`${target.name}, a variable from outside, is changed`, "Change variables of f and dy only.");
      if (declares) scope.define(target.name, place);
      heap.write(place, value);
      break;
    }
    case "member":
      write(tracer, tracer.evaluate(target.of, scope), tracer.evaluate(target.key, scope), value);
      break;
    case "assign":
      to(
        target.target,
        heap.choose(
          isEqual(tracer, value, undefined, false),
          () => tracer.evaluate(target.value, scope),
          () => value,
        ),
      );
      break;
    case "array": {
      const elements = elementsOf(tracer, value);
      target.list.forEach((item, i) => {
        if (item?.kind === "spread") to(item.of, tracer.array(elements.slice(i)));
        else if (item) to(item, elements[i]);
      });
      break;
    }
    case "object": {
      const taken = new Set<unknown>();
      for (const { key, value: part } of target.properties) {
        if (key) {
          const name = String(asKnown(tracer, tracer.evaluate(key, scope), "a key"));
          taken.add(name);
          to(part, read(tracer, value, name));
        } else {
          const rest = entriesOf(tracer, value).filter(([name]) => !taken.has(name));
          to(part, new ObjectValue(new Map(rest.map(([name, own]) => [name, heap.place(own)]))));
        }
      }
      break;
    }
    default:
      tracer.fail("this cannot be assigned to", "Assign to variables and elements of arrays.");
  }
}
