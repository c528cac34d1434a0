// Expressions, evaluated in the order in which JavaScript evaluates them.
import type { Expression } from "../reader/syntax.ts";
import { elementsOf, entriesOf, read, write } from "./members.ts";
import { asKnown, asNumber, asTruth, binary, unary } from "./operators.ts";
import { assign } from "./patterns.ts";
import type { Tracer } from "./tracer.ts";
import { Closure, ObjectValue, type Place, type Scope, type Value } from "./values.ts";

/** Answers, in place of a value, that `a?.b` found nothing in a. */
const MISSING: unique symbol = Symbol("missing");

export function evaluateIn(tracer: Tracer, node: Expression, scope: Scope): Value {
  const evaluate = (expression: Expression): Value => tracer.evaluate(expression, scope);
  switch (node.kind) {
    case "value":
      return node.value;
    case "name": {
      const place = scope.find(node.name);
      return place ? place.value : tracer.global(node.name, node.at);
    }
    case "array":
      return tracer.array(listed(tracer, node.items, scope));
    case "object":
      return objectOf(tracer, node, scope);
    case "function":
      return new Closure(node, scope, tracer.source);
    case "member":
    case "call":
      return link(tracer, node, scope) as Value;
    case "chain": {
      const value = link(tracer, node.of, scope);
      return value === MISSING ? undefined : value;
    }
    case "new":
      return tracer.call(evaluate(node.callee), listed(tracer, node.list, scope), node.at);
    case "unary":
      return unary(tracer, node.operator, evaluate(node.of), node.at);
    case "update":
      return change(tracer, node.of, scope, (before) => {
        const old = asNumber(tracer, before, node.at);
        const now = binary(tracer, node.operator, old, 1, node.at);
        return [now, node.prefix ? now : old];
      });
    case "binary": {
      const left = evaluate(node.left);
      return binary(tracer, node.operator, left, evaluate(node.right), node.at);
    }
    case "logical": {
      const left = evaluate(node.left);
      return logical(tracer, node.operator, left, () => evaluate(node.right), node.at);
    }
    case "conditional":
      return tracer.heap.choose(
        asTruth(tracer, evaluate(node.test), node.at),
        () => evaluate(node.whenTrue),
        () => evaluate(node.whenFalse),
      );
    case "assign":
      return assignment(tracer, node, scope);
    case "sequence":
      return node.items.map(evaluate).at(-1);
    case "template": {
      const parts = node.parts.map((part) => asKnown(tracer, evaluate(part), "a text", part.at));
      return node.strings.reduce((text, string, i) => `${text}${parts[i - 1]}${string}`);
    }
    case "spread":
      return tracer.fail(node.at, '"..." stands alone', "Use it in calls, arrays and objects.");
  }
}

/** The values of a list, spreads spread. */
function listed(tracer: Tracer, items: readonly (Expression | undefined)[], scope: Scope): Value[] {
  const values: Value[] = [];
  for (const item of items) {
    if (item?.kind === "spread") values.push(...elementsOf(tracer, tracer.evaluate(item.of, scope), item.at));
    else values.push(item && tracer.evaluate(item, scope));
  }
  return values;
}

function objectOf(tracer: Tracer, { properties }: Expression & { kind: "object" }, scope: Scope): ObjectValue {
  const fields = new Map<string, Place>();
  const set = (key: string, value: Value): unknown => fields.set(key, tracer.heap.place(value));
  for (const { key, value } of properties) {
    const name = key && String(asKnown(tracer, tracer.evaluate(key, scope), "a key", key.at));
    const own = tracer.evaluate(value, scope);
    if (name === undefined) for (const [other, given] of entriesOf(tracer, own, value.at)) set(other, given);
    else set(name, own);
  }
  return new ObjectValue(fields);
}

/** A member or a call, or MISSING where it hangs on `?.` after undefined or null. */
function link(tracer: Tracer, node: Expression, scope: Scope): Value | typeof MISSING {
  if (node.kind !== "member" && node.kind !== "call") return tracer.evaluate(node, scope);
  const base = link(tracer, node.kind === "member" ? node.object : node.callee, scope);
  if (base === MISSING) return MISSING;
  if (node.optional && (base === undefined || base === null)) return MISSING;
  if (node.kind === "member") return read(tracer, base, tracer.evaluate(node.key, scope), node.at);
  return tracer.call(base, listed(tracer, node.list, scope), node.at);
}

function logical(tracer: Tracer, operator: string, left: Value, right: () => Value, at: number): Value {
  const keep = (): Value => left;
  const { heap } = tracer;
  if (operator === "??") return heap.choose(asTruth(tracer, binary(tracer, "==", left, null, at), at), right, keep);
  const truth = asTruth(tracer, left, at);
  return operator === "&&" ? heap.choose(truth, right, keep) : heap.choose(truth, keep, right);
}

function assignment(tracer: Tracer, node: Expression & { kind: "assign" }, scope: Scope): Value {
  const { operator, target, value, at } = node;
  if (operator === "") {
    // An element's place is found before its value is computed.
    if (target.kind === "member") return change(tracer, target, scope, () => both(tracer.evaluate(value, scope)), true);
    const given = tracer.evaluate(value, scope);
    assign(tracer, target, given, scope);
    return given;
  }
  const right = (): Value => tracer.evaluate(value, scope);
  return change(tracer, target, scope, (before) =>
    both(
      operator === "&&" || operator === "||" || operator === "??"
        ? logical(tracer, operator, before, right, at)
        : binary(tracer, operator, before, right(), at),
    ),
  );
}

const both = (value: Value): [Value, Value] => [value, value];

/** Changes a variable or an element: `next` takes what it was, and answers what it becomes and what is answered. */
function change(
  tracer: Tracer,
  target: Expression,
  scope: Scope,
  next: (before: Value) => readonly [Value, Value],
  unread = false,
): Value {
  if (target.kind === "member") {
    const object = tracer.evaluate(target.object, scope);
    const key = tracer.evaluate(target.key, scope);
    const [now, answer] = next(unread ? undefined : read(tracer, object, key, target.at));
    write(tracer, object, key, now, target.at);
    return answer;
  }
  const [now, answer] = next(tracer.evaluate(target, scope));
  assign(tracer, target, now, scope);
  return answer;
}
