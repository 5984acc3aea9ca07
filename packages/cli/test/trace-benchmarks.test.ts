import { expect, test } from 'vitest';
import { prepareHooks, prepareRecording } from '../src/bench/trace.ts';

const small = { width: 32, height: 32, frames: 2, seed: 1 };

test('the hooks of a run that is not recorded take a part of it that is little', async () => {
  const { work, reference } = await prepareHooks(small);
  const [rate, without] = [await work.rate(), await reference.rate()];
  expect(without).toBeGreaterThan(rate);
  expect(without).toBeLessThan(2 * rate);
});

test('a run is measured as it is and recorded', async () => {
  const { work, reference } = prepareRecording(small);
  expect(await work.rate()).toBeGreaterThan(0);
  expect(await reference.rate()).toBeGreaterThan(0);
});
