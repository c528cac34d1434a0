// GPU buffers that are lent and come back, so that after the first steps of the first solve none is created any more.

/** Buffers by use and exact size. What comes back is lent again, the longest unused first, so that two alternate. */
export class BufferPool {
  private readonly device: GPUDevice;
  private readonly free = new Map<string, GPUBuffer[]>();
  private readonly all = new Set<GPUBuffer>();

  constructor(device: GPUDevice) {
    this.device = device;
  }

  take(bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const idle = this.free.get(`${usage}:${bytes}`)?.shift();
    if (idle) return idle;
    const buffer = this.device.createBuffer({ size: bytes, usage });
    this.all.add(buffer);
    return buffer;
  }

  /** Takes a buffer back, unmapped; work submitted before may still use it. */
  give(buffer: GPUBuffer): void {
    if (!this.all.has(buffer)) return;
    const key = `${buffer.usage}:${buffer.size}`;
    const idle = this.free.get(key);
    if (idle) idle.push(buffer);
    else this.free.set(key, [buffer]);
  }

  /** Frees a buffer for good: after an error, its state is not known. */
  discard(buffer: GPUBuffer): void {
    this.all.delete(buffer);
    buffer.destroy();
  }

  /** Buffers that are lent now. */
  get lent(): number {
    let idle = 0;
    for (const buffers of this.free.values()) idle += buffers.length;
    return this.all.size - idle;
  }

  /** Frees all buffers, the lent ones too. */
  destroy(): void {
    for (const buffer of this.all) buffer.destroy();
    this.all.clear();
    this.free.clear();
  }
}
