/** A frame as text, for a terminal with colours. */
import { halfBlocks, type Picture } from '@doorbell/lab';
import type { Terminal } from './terminal.ts';

/** Wide enough to make something out, and at most this wide. */
const LEAST_COLUMNS = 40;
const MOST_COLUMNS = 64;

/** Undefined where a terminal cannot show it. */
export function framePicture(picture: Picture, terminal: Terminal): string | undefined {
  if (terminal.columns < LEAST_COLUMNS || terminal.depth < 8) {
    return undefined;
  }
  const lines = halfBlocks(picture, Math.min(terminal.columns, MOST_COLUMNS));
  const text = lines.join('\n');
  return terminal.depth >= 24 ? text : toPalette(text);
}

/** 24-bit colours to the 256 of xterm: a cube of 6 × 6 × 6 from 16 on, then 24 greys. */
export function toPalette(text: string): string {
  // eslint-disable-next-line no-control-regex -- an escape sequence begins with a control character
  return text.replace(/\x1b\[38;2;(\d+);(\d+);(\d+);48;2;(\d+);(\d+);(\d+)m/g, (_, ...found) => {
    const [r, g, b, backR, backG, backB] = found.slice(0, 6).map(Number);
    return `\x1b[38;5;${paletteIndex(r, g, b)};48;5;${paletteIndex(backR, backG, backB)}m`;
  });
}

const cubeLevels = [0, 95, 135, 175, 215, 255];

/** The nearest colour of the cube, or of the greys 8, 18, …, 238 where one of them is nearer. */
function paletteIndex(r: number, g: number, b: number): number {
  const level = (value: number): number =>
    value < 48 ? 0 : value < 115 ? 1 : Math.round((value - 55) / 40);
  const [cubeR, cubeG, cubeB] = [level(r), level(g), level(b)];
  const step = Math.min(23, Math.max(0, Math.round(((r + g + b) / 3 - 8) / 10)));
  const grey = 8 + 10 * step;
  const distance = (toR: number, toG: number, toB: number): number =>
    (r - toR) ** 2 + (g - toG) ** 2 + (b - toB) ** 2;
  return distance(grey, grey, grey) <
    distance(cubeLevels[cubeR], cubeLevels[cubeG], cubeLevels[cubeB])
    ? 232 + step
    : 16 + 36 * cubeR + 6 * cubeG + cubeB;
}
