// npm start gpu: trains a neural ODE on noisy spirals, its network on the GPU; `npm start gpu -- --page` in a page instead.
// For a network as small as this the CPU is faster: see npm run bench gpu.
import { webgpu } from "odegrad/webgpu";
import { train } from "./gpu/training.ts";

const gpu = await webgpu();
await train(gpu, 60, console.log);
gpu.dispose();
