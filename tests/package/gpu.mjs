// A program of the GPU, which is bundled and, for want of a GPU, not run.
import { mlp, webgpu } from "odegrad/webgpu";

export const network = async () => mlp({ layers: [2, 2], device: await webgpu() });
