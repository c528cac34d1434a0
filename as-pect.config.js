// Kernel tests: AssemblyScript compiled together with the kernels, run by as-pect. as-pect.asconfig.json has the options
// of the simd build with every access checked; it stands alone because asconfig.json removes `abort`, and with it the
// messages of failing tests.
export default {
  entries: ["tests/kernels/**/*.spec.ts"],
  include: ["tests/kernels/**/*.include.ts"],
  disclude: [/node_modules/],
  instantiate: (memory, createImports, instantiate, binary) => instantiate(binary, createImports({ env: { memory } })),
  // Only on demand, COVERAGE=1 npm test -- --only kernels: counting changes the code under test and slows it.
  coverage: process.env.COVERAGE ? ["assembly/**/*.ts"] : undefined,
  outputBinary: false,
};
