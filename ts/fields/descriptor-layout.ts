// What the descriptor of a network holds, which TypeScript writes (mlp-layout.ts) and the kernels read (assembly/mlp.ts), and
// the kernels' numbers of the activations. Both compilers read this file, AssemblyScript with every constant as an i32:
// nothing but integers may stand here. Places are in bytes, each of one 32-bit word; addresses and sizes there are in bytes.

/** The header: layers, batch, the activation's number, and how many inputs all rows share. */
export const NETWORK_LAYERS = 0;
export const NETWORK_BATCH = 4;
export const NETWORK_ACTIVATION = 8;
export const NETWORK_SHARED = 12;
/** Addresses of the parameters θ and of the work buffers, and the size of one buffer. */
export const NETWORK_PARAMS = 16;
export const NETWORK_WORK = 20;
export const NETWORK_WORK_SIZE = 24;
/** Whether the last of the shared inputs is t (0 or 1). */
export const NETWORK_TIME = 28;
export const NETWORK_BYTES = 32;

/** The record of a layer, one after the other behind the header: inputs (without shared ones), outputs, the offset of W in θ. */
export const LAYER_INPUTS = 0;
export const LAYER_OUTPUTS = 4;
export const LAYER_WEIGHTS = 8;
/** Addresses of packed Wᵀ, of packed W (0: no gradient is asked for), and of the packed bias. */
export const LAYER_FORWARD = 12;
export const LAYER_BACKWARD = 16;
export const LAYER_BIAS = 20;
/** The offset in the tape, and the stride of the layer's output rows in tape and work; not used in the last layer. */
export const LAYER_TAPE = 24;
export const LAYER_STRIDE = 28;
export const LAYER_BYTES = 32;

/** A pair of the second-order pass: addresses of its tangent and its cotangent, and τ, a double. */
export const PAIR_TANGENT = 0;
export const PAIR_COTANGENT = 4;
export const PAIR_TIME = 8;
export const PAIR_BYTES = 16;

/** Work buffers, and the rows that each holds: as many as the kernels run through all layers at a time. */
export const WORK_BUFFERS = 3;
export const BLOCK_ROWS = 48;

export const IDENTITY = 0;
export const TANH = 1;
export const RELU = 2;
export const SOFTPLUS = 3;
export const SIGMOID = 4;
export const SILU = 5;
export const ELU = 6;
export const GELU = 7;
