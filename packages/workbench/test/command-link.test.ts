import { describe, expect, it } from 'vitest';
import { commandLink } from '../build/command-link.ts';
import { readLink } from '../src/link.ts';

const stateOf = (line: string) => readLink(commandLink(line)?.query ?? 'no link');

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

  it('of more stacks than two shows the first, and ranks those that need no other process', () => {
    const { query, note } = commandLink(
      'npx doorbell compare --stacks native,pv,pv:batch=16,pv:transport=worker',
    )!;
    expect(readLink(query)).toMatchObject({
      stacks: ['native', 'pv'],
      rank: ['native', 'pv', 'pv:batch=16'],
    });
    expect(note).toBe('It shows native and pv; Prices ranks all 4 but pv:transport=worker.');
  });

  it('without stacks is of all of them', () => {
    const { query, note } = commandLink('npx doorbell compare --scene nop')!;
    expect(readLink(query)).toMatchObject({ stacks: ['native', 'passthrough'], rank: [] });
    expect(note).toMatch(/Prices ranks all 7\.$/);
  });
});
