// npm start gpu -- --page: the training in a page; ?steps=N in its address for fewer steps.
import { webgpu } from "odegrad/webgpu";
import { train } from "./training.ts";

const lines = document.body.appendChild(document.createElement("pre"));
const report = (line: string): void => lines.append(`${line}\n`);
const steps = Number(new URLSearchParams(location.search).get("steps") ?? 60);
report("Training a neural ODE on noisy spirals, its network on the GPU …");
try {
  const gpu = await webgpu();
  await train(gpu, steps, report);
  gpu.dispose();
} catch (error) {
  report(String(error));
  throw error;
}
