/** What a backend's thread runs, for `startWorkerBackend`. */
export const workerProgram = new URL('./worker-program.mjs', import.meta.url);
