/** What panes are given of a recorded triangle. */
import { labEnvironment } from '@doorbell/lab/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { Bench } from '../src/machine/bench.ts';
import {
  paneNames,
  type Inspection,
  type PaneName,
  type RunOptions,
  type Side,
} from '../src/machine/contract.ts';

const options: RunOptions = {
  ...{ stacks: ['native'], scene: 'triangle', frames: 1, width: 32, height: 32, seed: 1 },
  ...{ guests: 1, profile: 'kvm-x86', prices: {}, source: false },
};
const listener = { progress: () => undefined, shown: () => undefined, backend: () => undefined };

describe.each(['native', 'pv', 'mdev'])('the panes of %s', (stack) => {
  const bench = new Bench(labEnvironment, () => undefined);
  let side: Side;

  beforeAll(async () => {
    [side] = await bench.run({ ...options, stacks: [stack] }, listener);
  }, 60_000);

  it('time', async () => {
    const count = side.columns.times.length;
    for (const at of [
      Math.floor(count / 2),
      Math.floor(count / 2) + 1,
      Math.floor(count / 2) + 40,
      count,
    ]) {
      await bench.command(`go ${at}`);
      let t = performance.now();
      await bench.standing();
      await bench.inspect(0, 'why');
      const out = [`${stack} ${at}/${count} state ${(performance.now() - t).toFixed(1)}`];
      for (const pane of paneNames) {
        t = performance.now();
        const got = await bench.inspect(0, pane);
        const ms = performance.now() - t;
        t = performance.now();
        structuredClone(got);
        out.push(`${pane} ${ms.toFixed(1)}+${(performance.now() - t).toFixed(1)}`);
      }
      console.log(out.join('  '));
    }
  }, 60_000);
});
