export { Bell, type BellOptions, type BellState } from './bell/bell.ts';
export type { EngineRates } from './bell/rates.ts';
export { PagedMemory, type PagedMemoryState } from './paged-memory.ts';
export * from './bochs-display.ts';
export * from './edu.ts';
export { blit } from './bell/blit.ts';
export { copyRows, fill } from './bell/copy.ts';
export { Renderer, type DrawCall } from './bell/renderer.ts';
export type { Surface } from './bell/surface.ts';
