import { profiles } from '@doorbell/hypervisor';
import { expect, it } from 'vitest';
import { runLeak, secretBytes } from '../../src/sensitive/leak.ts';

const profile = profiles.get('kvm-x86')!;

it('shows another guest the secret, without an exit', async () => {
  const leak = await runLeak({ profile, leaky: true, seed: 1 });
  expect(leak.secret).toEqual(secretBytes(1));
  expect(leak.seen).toEqual([...leak.secret]);
  expect(leak.reads).toBeGreaterThan(100);
  expect(leak.exits).toBe(0);
});

it('shows nothing of it in a part that is sold, to the same program', async () => {
  const leak = await runLeak({ profile, leaky: false, seed: 1 });
  expect(leak.seen).toEqual(Array.from(leak.secret, () => undefined));
  expect(leak.reads).toBeGreaterThan(100);
  expect(leak.exits).toBe(0);
});

it.each([...profiles.values()])('is the same in two runs, under $name', async (profile) => {
  const [one, two] = [
    await runLeak({ profile, leaky: true, seed: 7 }),
    await runLeak({ profile, leaky: true, seed: 7 }),
  ];
  expect(two).toEqual(one);
  // How much is seen depends on how often one can look: never nothing.
  expect(one.seen.some((byte) => byte !== undefined)).toBe(true);
});
