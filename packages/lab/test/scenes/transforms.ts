/** What a recorded `setTransform` says. */
import type { Recorded } from './recording-gpu.ts';

export interface RecordedTransform {
  /** Column by column. */
  readonly matrix: readonly number[];
  /** x, y, z, ambient. */
  readonly light: readonly number[];
}

export function transformsOf(commands: readonly Recorded[]): RecordedTransform[] {
  return commands
    .filter(({ name }) => name === 'setTransform')
    .map(({ fields }) => ({
      matrix: Array.from({ length: 16 }, (_, i) => fields[`m${i}`]),
      light: ['lightX', 'lightY', 'lightZ', 'ambient'].map((field) => fields[field]),
    }));
}

/** Of the only one. */
export function transformOf(commands: readonly Recorded[]): RecordedTransform {
  const [only, ...others] = transformsOf(commands);
  if (only === undefined || others.length > 0) {
    throw new Error(`There are ${others.length + (only === undefined ? 0 : 1)} setTransform.`);
  }
  return only;
}
