/** Arguments that are more than text. */
import { InvalidArgumentError } from 'commander';

/** A parser for a whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A parser for `640x480`, each side from `least` to `most` pixels. */
export function pictureSize(least: number, most: number): (text: string) => Size {
  return (text) => {
    const [, width, height] = /^(\d+)x(\d+)$/i.exec(text) ?? [];
    const size = { width: Number(width), height: Number(height) };
    if (!Object.values(size).every((side) => side >= least && side <= most)) {
      throw new InvalidArgumentError(
        `It must be WIDTHxHEIGHT in pixels, such as 640x480, each from ${least} to ${most}.`,
      );
    }
    return size;
  };
}
