import { expect, it } from 'vitest';
import { RenderState } from '../../src/bell/render-state.ts';

const ONE = 0x3f800000;
const TWO = 0x40000000;

it('render state keeps the last packet of each kind, until it is reset', () => {
  const state = new RenderState();
  expect(state.has('setTarget')).toBe(false);
  state.keep('setTarget', Uint32Array.of(0x00070020, 1, 2, 3, 4, 5, 6, 99));
  state.keep('setScissor', Uint32Array.of(0x00050022, 7, 8, 9, 10));
  state.keep('setScissor', Uint32Array.of(0x00050022, 11, 12, 13, 14));
  expect(state.has('setTarget')).toBe(true);
  expect(state.get('setTarget')).toEqual({
    color: 1,
    colorStride: 2,
    depth: 3,
    depthStride: 4,
    width: 5,
    height: 6,
  });
  expect(state.get('setScissor')).toEqual({ x: 11, y: 12, width: 13, height: 14 });
  const saved = state.save();
  state.reset();
  expect([state.has('setTarget'), state.get('setScissor').x]).toEqual([false, 0]);
  state.load(saved);
  expect(state.get('setScissor').x).toBe(11);
});

it('render state has floats as floats', () => {
  const state = new RenderState();
  state.keep('setViewport', Uint32Array.of(0x00050021, 0, ONE, TWO, ONE));
  const numbers = Array.from({ length: 20 }, (_, index) => (index < 16 ? ONE : TWO));
  state.keep('setTransform', Uint32Array.of(0x00150024, ...numbers));
  expect([...state.viewport]).toEqual([0, 1, 2, 1]);
  expect([...state.matrix]).toEqual(new Array(16).fill(1));
  expect([...state.light]).toEqual([2, 2, 2, 2]);
});
