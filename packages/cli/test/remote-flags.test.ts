import { parseStacks } from '@doorbell/lab';
import { expect, test } from 'vitest';
import { impliedOptions, remoteOptions, type RemoteFlags } from '../src/remote-flags.ts';

const backend = 'ws://127.0.0.1:1/?token=x';

function options(stacks: string, flags: Partial<RemoteFlags>) {
  const all = { seed: 1, ...flags };
  return remoteOptions(all, parseStacks(stacks, impliedOptions(all, stacks)));
}

test('a backend implies the websocket', () => {
  expect(impliedOptions({ seed: 1, backend }, 'native,pv:batch=4')).toEqual({
    transport: 'websocket',
  });
  expect(options('native,pv', { backend, latency: 5, seed: 3 })).toEqual({
    backend,
    impairment: { latencyMs: 5, jitterMs: 0, seed: 3 },
    recoveryNs: 30e9,
  });
});

test('without one, nothing is implied', () => {
  expect(options('native,pv', {})).toEqual({
    impairment: { latencyMs: 0, jitterMs: 0, seed: 1 },
    recoveryNs: 30e9,
  });
  const remote = options('pv:transport=websocket', { dropConnectionAt: 7, reconnect: 0 });
  expect(remote).toMatchObject({ impairment: { dropConnectionAt: 7 }, recoveryNs: 0 });
});

test.each([
  ['native', { backend }, /the stack pv, which is not among --stacks/],
  ['pv:transport=worker', { backend }, /reached by a websocket: leave --pv-transport/],
  ['pv:renderer=null', { backend }, /renderer is chosen where the backend runs/],
  ['pv', { latency: 5 }, /--latency is for pv behind a socket: add --pv-transport websocket/],
  ['pv:transport=worker', { jitter: 0 }, /--jitter is for pv behind a socket/],
  ['native', { dropConnectionAt: 1 }, /--drop-connection-at is for pv/],
  ['native,pv', { reconnect: 5 }, /--reconnect is for pv/],
  ['pv', { backend: 'http://x' }, /--backend must be the address/],
] as const)('%s with %o is refused', (stacks, flags, why) => {
  expect(() => options(stacks, flags)).toThrow(why);
});
