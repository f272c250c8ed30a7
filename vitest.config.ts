import { defineConfig } from 'vitest/config'

// Two projects: `unit` runs anywhere; `gpu` (*.gpu.test.ts) needs Dawn and a Vulkan device and is started by
// scripts/test.mjs in child processes, one file each, because SwiftShader sometimes crashes a process.
export default defineConfig({
  test: {
    // Vitest leaves one core free by itself, which on two cores is half of them.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'cli/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['**/*.gpu.test.ts', 'node_modules/**'],
          testTimeout: 120_000,
          pool: 'forks',
          // The files of a worker share its modules: to load tfjs and ONNX Runtime anew takes longer than most tests.
          isolate: false,
        },
      },
      {
        test: {
          name: 'gpu',
          include: ['src/**/*.gpu.test.ts'],
          testTimeout: 240_000,
          pool: 'forks',
        },
      },
    ],
  },
})
