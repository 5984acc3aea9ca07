import { expect, it } from 'vitest';
import { edu } from '../../src/programs/edu.ts';
import { runPeer } from '../../src/run.ts';
import { describeWith } from '../needs.ts';

const unused = (): never => {
  throw new Error('This peer draws nothing.');
};

describeWith(edu.needs, "QEMU's edu", () => {
  it('does what our driver asks of it', async () => {
    const result = await runPeer(edu, {}, { frames: unused, openBackend: unused });
    expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(result).toMatchObject({ status: 'passed', why: '' });
    expect(result.checks.map(({ name }) => name)).toContain('the whole buffer');
    expect(result.counts).toContainEqual({
      title: 'edu',
      counts: { operations: 12, messages: 12 },
    });
  });
});
