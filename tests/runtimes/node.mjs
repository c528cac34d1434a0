// Node: the package by its own name, so through package.json's `exports`.
import * as odegrad from "odegrad";
import { scenario } from "../../build/tests/scenario.mjs";
import { report } from "./report.mjs";

report(`Node ${process.versions.node}`, await scenario(odegrad));
