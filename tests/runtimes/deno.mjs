// Deno, started without any permission: the package needs none.
import * as odegrad from "odegrad";
import * as threads from "odegrad/threads";
import { scenario } from "../../build/tests/scenario.mjs";
import { threadsScenario } from "../../build/tests/threads-scenario.mjs";
import { report, reportScenario } from "./report.mjs";

const runtime = `Deno ${Deno.version.deno}`;
report(runtime, await scenario(odegrad));
reportScenario(runtime, await threadsScenario(odegrad, threads));
