import { describe, expect, it } from 'vitest';
import { commandLink } from '../build/command-link.ts';
import { readLink } from '../src/link.ts';

const stateOf = (line: string) => readLink(commandLink(line) ?? 'no link');

describe('a documented command', () => {
  it('brings its mix of guests', () => {
    const line =
      'npx doorbell compare --guest hog:frames=4 --guest churn --stacks sriov,sriov:preempt=on --no-picture';
    expect(stateOf(line)).toMatchObject({
      mix: ['hog:frames=4', 'churn'],
      guests: 2,
      stacks: ['sriov', 'sriov:preempt=on'],
    });
  });

  it('that is wrong on purpose has no link', () => {
    expect(commandLink('npx doorbell compare --guest dragon')).toBeUndefined();
    expect(commandLink('npx doorbell compare --guest churn:speed=9')).toBeUndefined();
  });
});
