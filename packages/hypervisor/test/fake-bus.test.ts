import { expect, test } from 'vitest';
import { VfioError } from '../src/errno.ts';
import { errnoOf, FakeBoard, KERNEL_IOVA, NIC, ROOT } from './fake-bus.ts';
import { AUDIO, GPU } from './fake-function.ts';

test('a bus is reset with all that is on it, the root bus not at all', () => {
  const board = new FakeBoard();
  expect(board.affected(AUDIO)).toEqual([GPU, AUDIO]);
  expect(board.affected(ROOT)).toBeUndefined();
  board.reset(GPU);
  expect([GPU, AUDIO, NIC].map((at) => board.functions.get(at)?.resets)).toEqual([1, 1, 0]);
  expect(board.busResets).toBe(1);
});

test('at rest the kernel reaches its page, and an errno is told from a bug', () => {
  const board = new FakeBoard();
  expect(board.reach(NIC, KERNEL_IOVA)).toBe(0x9000);
  expect(board.reach(NIC, 0)).toBe(-1);
  expect(errnoOf(() => undefined)).toBe('no error');
  const refusal = (error: Error) => (): never => {
    throw error;
  };
  expect(errnoOf(refusal(new VfioError('EPERM', 'No.')))).toBe('EPERM');
  expect(errnoOf(refusal(new TypeError('A bug.')))).toBe('TypeError: A bug.');
});
