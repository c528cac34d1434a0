// Deno, started without any permission: the package needs none.
import * as odegrad from "odegrad";
import { scenario } from "../../build/tests/scenario.mjs";
import { report } from "./report.mjs";

report(`Deno ${Deno.version.deno}`, await scenario(odegrad));
