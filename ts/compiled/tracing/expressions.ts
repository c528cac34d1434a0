// Expressions, evaluated in the order in which JavaScript evaluates them.
import type { Expression, List } from "../reader/syntax.ts";
import { elementsOf } from "./arrays.ts";
import { entriesOf, read, write } from "./members.ts";
import { asKnown, asNumber, asTruth, binary, isEqual, unary } from "./operators.ts";
import { assign } from "./patterns.ts";
import type { Tracer } from "./tracer.ts";
import { valueIn } from "./unread.ts";
import { Closure, ObjectValue, type Place, type Scope, type Value } from "./values.ts";

export function evaluateIn(tracer: Tracer, node: Expression, scope: Scope): Value {
  const evaluate = (expression: Expression): Value => tracer.evaluate(expression, scope);
  switch (node.kind) {
    case "value":
      return node.value;
    case "name": {
      const place = scope.find(node.name);
      return place ? valueIn(place) : tracer.global(node.name);
    }
    case "array":
      return tracer.array(listed(tracer, node.list, scope));
    case "object":
      return objectOf(tracer, node, scope);
    case "function":
      return new Closure(node, scope, tracer.source);
    case "member":
    case "call": {
      if (node.kind === "call" && namesOnly(tracer, node, scope)) return evaluate(node.list[0]!);
      const base = evaluate(node.of);
      if (node.optional && (base === undefined || base === null)) return undefined;
      return node.kind === "member"
        ? read(tracer, base, evaluate(node.key))
        : tracer.call(base, listed(tracer, node.list, scope));
    }
    case "unary":
      return unary(tracer, node.operator, evaluate(node.of));
    case "binary":
      return /^[&|?]{2}$/.test(node.operator)
        ? either(tracer, node.operator, evaluate(node.left), () => evaluate(node.right))
        : binary(tracer, node.operator, evaluate(node.left), evaluate(node.right));
    case "conditional":
      return tracer.heap.choose(
        asTruth(tracer, evaluate(node.test)),
        () => evaluate(node.whenTrue),
        () => evaluate(node.whenFalse),
      );
    case "assign":
      return assignment(tracer, node, scope);
    case "sequence":
      return listed(tracer, node.list, scope).at(-1);
    case "template":
      return listed(tracer, node.list, scope)
        .map((part) => asKnown(tracer, part, "a text"))
        .join("");
    case "spread":
      return tracer.fail('"..." stands alone', "Use it in calls, arrays and objects.");
  }
}

/** Whether it is what bundlers wrap functions in to keep their names: `n(f, "f")`. */
function namesOnly(tracer: Tracer, { of, list }: Expression & { kind: "call" }, scope: Scope): boolean {
  const [first, name] = list;
  const isNamed = first !== undefined && name?.kind === "value" && typeof name.value === "string";
  return isNamed && of.kind === "name" && !scope.find(of.name) && !tracer.isGlobal(of.name);
}

/** The values of a list, spreads spread. */
function listed(tracer: Tracer, list: List, scope: Scope): Value[] {
  return list.flatMap((item) =>
    item?.kind === "spread"
      ? elementsOf(tracer, tracer.evaluate(item.of, scope))
      : [item && tracer.evaluate(item, scope)],
  );
}

function objectOf(tracer: Tracer, { properties }: Expression & { kind: "object" }, scope: Scope): ObjectValue {
  const fields = new Map<string, Place>();
  for (const { key, value } of properties) {
    const name = key && String(asKnown(tracer, tracer.evaluate(key, scope), "a key"));
    const own = tracer.evaluate(value, scope);
    const entries = name === undefined ? entriesOf(tracer, own) : [[name, own] as const];
    for (const [other, given] of entries) fields.set(other, tracer.heap.place(given));
  }
  return new ObjectValue(fields);
}

/** `left && right`, `left || right` or `left ?? right`: the right side may not be needed. */
function either(tracer: Tracer, operator: string, left: Value, right: () => Value): Value {
  const { heap } = tracer;
  const keep = (): Value => left;
  switch (operator) {
    case "&&":
      return heap.choose(asTruth(tracer, left), right, keep);
    case "||":
      return heap.choose(asTruth(tracer, left), keep, right);
    default:
      return heap.choose(isEqual(tracer, left, null, true), right, keep);
  }
}

function assignment(tracer: Tracer, node: Expression & { kind: "assign" }, scope: Scope): Value {
  const { operator, target, value, step } = node;
  const right = (): Value => tracer.evaluate(value, scope);
  // An element's place is found, and what is in it read, before the right side is evaluated.
  const isMember = target.kind === "member";
  const object = isMember && tracer.evaluate(target.of, scope);
  const key = isMember && tracer.evaluate(target.key, scope);
  let before: Value;
  if (operator) before = isMember ? read(tracer, object, key) : tracer.evaluate(target, scope);
  if (step) before = asNumber(tracer, before);
  let now: Value;
  if (/[&|?]{2}/.test(operator)) now = either(tracer, operator, before, right);
  else now = operator ? binary(tracer, operator, before, right()) : right();
  if (isMember) write(tracer, object, key, now);
  else assign(tracer, target, now, scope, false);
  return step === "after" ? before : now;
}
