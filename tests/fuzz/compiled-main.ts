// Runs the fuzzer of compiled fields: --seconds N --seed S, or --programs N.
import { fuzz } from "./compiled.ts";

const flag = (name: string): number | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : Number(process.argv[at + 1]);
};

const [seed = Date.now() % 1e9, seconds = 60, programs] = ["seed", "seconds", "programs"].map(flag);
const { findings, ...counts } = await fuzz({ seed, seconds, ...(programs !== undefined && { programs }) });
for (const { seed: own, minifier, kind, message, text } of findings.slice(0, 20))
  console.log(`${kind}, seed ${own}, ${minifier}: ${message}\n${text}\n`);
const count = (kind: string): number => findings.filter((finding) => finding.kind === kind).length;
const kinds = ["refused", "wrong value", "wrong derivative", "crashed"].map((kind) => `${count(kind)} ${kind}`);
console.log(`seed ${seed}: ${counts.programs} programs, ${counts.functions} functions: ${kinds.join(", ")}`);
process.exitCode = findings.some(({ kind }) => kind !== "refused") ? 1 : 0;
