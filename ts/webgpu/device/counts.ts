// What a GPU is asked to do, counted.

/** What went between the CPU and the GPU for fields since `webgpu()`. */
export interface GpuCounts {
  /** Times the CPU waited for results. */
  readbacks: number;
  /** Compute shaders started. */
  dispatches: number;
  /** Bytes sent to the GPU. */
  bytesUploaded: number;
  /** Bytes read back. */
  bytesRead: number;
}
