import { accessors, bellRegisters } from '@doorbell/abi';
import { beforeEach, expect, it } from 'vitest';
import { Scanout } from '../../src/bell/scanout.ts';
import { MemoryWindow } from '../memory-window.ts';

const first = { width: 640, height: 480, stride: 2560, page: 17 };
let window: MemoryWindow;
let scanout: Scanout;

beforeEach(() => {
  window = new MemoryWindow(0x1000);
  scanout = new Scanout(accessors(bellRegisters, window));
});

it('programs size, stride and page, turns the screen on, then flips', () => {
  scanout.show(first);
  expect(window.log).toEqual([
    'write32 0x104 = 0x1e00280',
    'write32 0x108 = 0xa00',
    'write32 0x10c = 0x11',
    'write32 0x100 = 0x1',
    'write32 0x110 = 0x1',
  ]);
});

it('flips only, when nothing else changed', () => {
  scanout.show(first);
  window.log.length = 0;
  scanout.show({ ...first });
  expect(window.log).toEqual(['write32 0x110 = 0x1']);
});

it('programs the page alone for another image of that size', () => {
  scanout.show(first);
  window.log.length = 0;
  scanout.show({ ...first, page: 400 });
  expect(window.log).toEqual(['write32 0x10c = 0x190', 'write32 0x110 = 0x1']);
});

it('turns the screen off when the image that it shows is freed', () => {
  scanout.show(first);
  window.log.length = 0;
  scanout.forget(16);
  expect(window.log).toEqual([]);
  scanout.forget(17);
  expect(window.log).toEqual(['write32 0x100 = 0x0']);
  scanout.show(first);
  expect(window.word(0x100)).toBe(1);
});
