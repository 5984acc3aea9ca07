import { Chain, LinearMemory } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { ChainCheck } from '../../src/ring/chain-check.ts';

const WRITE = 2;

function started(buffers: number): { check: ChainCheck; chain: Chain } {
  const check = new ChainCheck(new LinearMemory(new ArrayBuffer(64)));
  const chain = new Chain(buffers);
  check.start(chain);
  return { check, chain };
}

test('adds what keeps the rules, and counts what the device may write', () => {
  const { check, chain } = started(3);
  expect(check.add(chain, 0, 0, 64, 0)).toBe('');
  expect(check.add(chain, 32, 0, 32, WRITE)).toBe('');
  expect(check.add(chain, 64, 0, 0, WRITE)).toBe('');
  expect([chain.count, chain.readable, check.writable]).toEqual([3, 1, 32]);
});

test('adds nothing that breaks one', () => {
  const { check, chain } = started(1);
  expect(check.add(chain, 32, 0, 33, 0)).toMatch(/cannot read the 33 bytes at 0x20/);
  expect(check.add(chain, 0, 1, 1, WRITE)).toMatch(/cannot write the 1 bytes at 0x100000000/);
  expect(chain.count).toBe(0);
  check.add(chain, 0, 0, 1, 0);
  expect(check.add(chain, 0, 0, 1, 0)).toMatch(/more than the 1 buffers/);
  expect(chain.count).toBe(1);
});

test('a chain begins with nothing of the one before', () => {
  const { check, chain } = started(2);
  check.add(chain, 0, 0, 1, WRITE);
  check.start(chain);
  expect([chain.count, check.writable]).toEqual([0, 0]);
  expect(check.add(chain, 0, 0, 1, 0)).toBe('');
});

test('gives the address of a table', () => {
  const { check } = started(1);
  expect(check.table(32, 0, 32)).toBe('');
  expect(check.tableAddress).toBe(32);
  expect(check.table(32, 0, 48)).toMatch(/cannot read/);
  expect(check.table(32, 2 ** 20, 16)).toMatch(/cannot read/);
});
