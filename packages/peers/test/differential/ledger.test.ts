import { describe, expect, it } from 'vitest';
import type { KnownDifference } from '../../src/differential/known-difference.ts';
import { Ledger } from '../../src/differential/ledger.ts';

const words = { ours: 'this', qemu: 'that', why: 'because' };
const bits: KnownDifference = {
  id: 'a',
  device: 'edu',
  where: 'command',
  bits: [0x40, 0x01],
  ...words,
};
const values: KnownDifference = {
  id: 'b',
  device: 'edu',
  where: ['line', 'other line'],
  values: [0xff, 0],
  ...words,
};

const open: KnownDifference = {
  id: 'd',
  device: 'edu',
  where: { ROM: { bits: [0, 0x80] }, name: { holds: (_ours, theirs) => theirs !== 5 } },
  values: [0, undefined],
  ...words,
};

describe('a ledger', () => {
  it('counts what agrees and what is known to differ', () => {
    const ledger = new Ledger([bits, values]);
    ledger.compare('anything', 7, 7);
    ledger.compare('command', 0x40, 0x01);
    ledger.compare('line', 0xff, 0);
    expect(ledger.verdict()).toEqual({
      passed: true,
      detail: '1 values agree, 2 differ as is known',
    });
  });

  it.each([
    ['elsewhere', 1, 2],
    ['command', 0x40, 0x80],
    ['command', 0, 0x40],
    ['command', 0x01, 0],
    ['command', 'as before', 'zeros'],
    ['ROM', 0, 0x81],
    ['ROM', 0x80, 0],
    ['name', 0, 5],
    ['name', 1, 2],
    ['line', 0xff, 1],
    ['line', 0, 0xff],
    ['line', '255', '0'],
  ])('excuses nothing else: %s, %s and %s', (where, ours, theirs) => {
    const ledger = new Ledger([bits, values, open]);
    ledger.compare(where, ours, theirs);
    expect(ledger.verdict().passed).toBe(false);
  });

  it('excuses what both a row and a place of it allow', () => {
    const ledger = new Ledger([open]);
    ledger.compare('ROM', 0, 0x80);
    ledger.compare('name', 0, 4);
    expect(ledger.verdict().passed).toBe(true);
    expect(ledger.unmet().passed).toBe(true);
  });

  it('says where and how the first differ, and forgets them then', () => {
    const ledger = new Ledger([]);
    ledger.compare('ID', 1, 0xed);
    expect(ledger.verdict().detail).toBe("ID: ours 0x1, QEMU's 0xed");
    ledger.compare('ID', 1, 1);
    expect(ledger.verdict().passed).toBe(true);
  });

  it('has nothing to pass when nothing was compared', () => {
    expect(new Ledger([]).verdict().passed).toBe(false);
  });

  it('names each place at which a known difference was not met', () => {
    const ledger = new Ledger([bits, values, { ...bits, id: 'c', isAvoided: true }]);
    ledger.compare('command', 0, 1);
    ledger.compare('line', 0xff, 0);
    expect(ledger.unmet()).toEqual({ passed: false, detail: 'never met: b: other line' });
    ledger.compare('other line', 0xff, 0);
    expect(ledger.unmet().passed).toBe(true);
  });
});
