// What a GPU is asked to do, counted.

/** What went between the CPU and the GPU for fields since `webgpu()`. */
export interface GpuCounts {
  /** Times the CPU waited for results. */
  readbacks: number;
  /** Compute shaders started. */
  dispatches: number;
  bytesUploaded: number;
  bytesRead: number;
}
