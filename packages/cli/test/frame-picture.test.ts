import pc from 'picocolors';
import { expect, test } from 'vitest';
import { framePicture, toPalette } from '../src/frame-picture.ts';

const picture = { width: 64, height: 32, pixels: new Uint8Array(64 * 32 * 4).fill(255) };
const terminal = { isTerminal: true, columns: 80, depth: 24, colors: pc.createColors(true) };

test('draws two pixels in each character', () => {
  const lines = framePicture(picture, terminal)?.split('\n');
  expect(lines).toHaveLength(16);
  expect(lines?.[0]).toContain('\x1b[38;2;255;255;255;48;2;255;255;255m▀');
});

test('stays within 64 columns', () => {
  const wide = { width: 640, height: 16, pixels: new Uint8Array(640 * 16 * 4) };
  expect(framePicture(wide, { ...terminal, columns: 200 })?.match(/▀/g)).toHaveLength(64);
});

test('draws nothing where it could not be made out', () => {
  expect(framePicture(picture, { ...terminal, columns: 39 })).toBeUndefined();
  expect(framePicture(picture, { ...terminal, depth: 4 })).toBeUndefined();
  expect(framePicture(picture, { ...terminal, isTerminal: false, depth: 1 })).toBeUndefined();
});

test('takes the nearest of 256 colours where there are no more', () => {
  const colors = (text: string): string => `\x1b[${text}m▀`;
  expect(toPalette(colors('38;2;255;0;0;48;2;0;0;255'))).toBe(colors('38;5;196;48;5;21'));
  expect(toPalette(colors('38;2;95;135;175;48;2;215;255;0'))).toBe(colors('38;5;67;48;5;190'));
  // Black, white, and a grey of the ramp: 232 is (8, 8, 8), 244 is (128, 128, 128).
  expect(toPalette(colors('38;2;0;0;0;48;2;255;255;255'))).toBe(colors('38;5;16;48;5;231'));
  expect(toPalette(colors('38;2;8;8;8;48;2;130;128;127'))).toBe(colors('38;5;232;48;5;244'));
});
