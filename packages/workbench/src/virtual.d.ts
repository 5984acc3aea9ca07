/** Made by `build/drivers.ts`. */
declare module 'virtual:driver-hashes' {
  /** SHA-256 over the sources of each driver, by its package. */
  export const hashes: ReadonlyMap<string, string>;
}

/** Made by `build/data.ts`. */
declare module 'virtual:driver-sources' {
  export const files: import('./machine/bench.ts').Sources;
}

/** Made by `build/lessons.ts`. */
declare module 'virtual:lessons' {
  export const lessons: readonly {
    readonly id: string;
    readonly title: string;
    readonly html: string;
  }[];
}
