// npm run fuzz NAME [-- --seconds N --seed S --only PROPERTY]: tries the properties of a fuzzer on random inputs, in turns,
// seed after seed, until the time is over. A failing one is printed with its seed and the simplest input found.
import { parseArgs } from "node:util";
import { FUZZERS } from "./fuzzers.ts";
import { tryOne } from "./property.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    count: { type: "string" },
    only: { type: "string" },
  },
});
const [name = ""] = positionals;
const all = FUZZERS[name];
if (!all) throw new Error(`no fuzzer "${name}"; there are ${Object.keys(FUZZERS).join(", ")}`);
const properties = all.filter((property) => values.only === undefined || property.name === values.only);
if (properties.length === 0) throw new Error(`--only: one of ${all.map((property) => property.name).join(", ")}`);

const end = performance.now() + 1000 * Number(values.seconds);
const first = Number(values.seed);
const most = Number(values.count ?? Number.POSITIVE_INFINITY);
const counts = new Map(properties.map((property) => [property, { tried: 0, failed: 0 }]));
let seed = first;
for (; performance.now() < end && seed - first < most; seed++) {
  for (const property of properties) {
    const failure = tryOne(property, seed);
    const count = counts.get(property)!;
    count.tried++;
    if (!failure) continue;
    count.failed++;
    if (count.failed > 3) continue;
    console.log(`✖ ${failure.property}, seed ${failure.seed}: ${failure.wrong}`);
    console.log(`  ${JSON.stringify(failure.input)}`);
    console.log(`  npm run fuzz ${name} -- --only ${failure.property} --seed ${failure.seed} --count 1`);
  }
}
let failed = 0;
for (const [property, count] of counts) {
  failed += count.failed;
  console.log(`${count.failed > 0 ? "✖" : "✔"} ${property.name}: ${count.failed} wrong of ${count.tried}`);
}
console.log(`seeds ${first} to ${seed - 1}`);
if (failed > 0) process.exitCode = 1;
