/** Which registers are shown, and how their bits lie. */
import { describe, expect, it } from 'vitest';
import {
  shownGroups,
  stretches,
  valuesOf,
  watchName,
  type Group,
  type Register,
} from '../../src/inspector/registers-shown.ts';

function register(name: string, value: number, bits: Register['bits'] = []): Register {
  return { name, value, width: 4, bits, doc: '' };
}

const control = register('CONTROL', 5, [
  { name: 'ENABLE', value: 1, lsb: 0, width: 1, doc: 'On.' },
  { name: 'MODE', value: 1, lsb: 2, width: 2, doc: 'How.' },
]);
const groups: readonly Group[] = [
  { guest: -1, bdf: 0x100, title: 'config', registers: [register('VENDOR_ID', 0x1234)] },
  { guest: -1, bdf: 0x100, title: 'channel 3', registers: [control, register('HEAD', 0)] },
];

function shown(filter: string, onlySet: boolean): string[] {
  return shownGroups(groups, { filter, onlySet }).flatMap(({ title, registers }) =>
    registers.map(({ name }) => `${title}.${name}`),
  );
}

describe('the filter', () => {
  it('has the registers of devices before those of configuration space', () => {
    expect(shown('', false)).toEqual(['channel 3.CONTROL', 'channel 3.HEAD', 'config.VENDOR_ID']);
  });

  it('leaves out what is 0, and groups without anything', () => {
    expect(shown('', true)).toEqual(['channel 3.CONTROL', 'config.VENDOR_ID']);
    expect(shown('head', true)).toEqual([]);
  });

  it('finds registers, fields and groups by a part of their names', () => {
    expect(shown(' enable', false)).toEqual(['channel 3.CONTROL']);
    expect(shown('CHANNEL', false)).toEqual(['channel 3.CONTROL', 'channel 3.HEAD']);
  });
});

it('bits: from the highest down, and what no field has is reserved', () => {
  expect(stretches(control).map(({ name, high, low }) => [name, high, low])).toEqual([
    ['', 31, 4],
    ['MODE', 3, 2],
    ['', 1, 1],
    ['ENABLE', 0, 0],
  ]);
  expect(stretches(register('HEAD', 8))).toMatchObject([{ name: 'HEAD', high: 31, low: 0 }]);
});

it('names are those of watches, which know nothing of configuration space', () => {
  expect(watchName(groups[1], control)).toBe('channel3.CONTROL');
  expect(watchName(groups[0], groups[0].registers[0])).toBeUndefined();
});

it('values are told apart by function and group', () => {
  const values = valuesOf({ event: 1, registers: groups, engines: [], counters: [] });
  expect(values.get('-1 256 channel 3 CONTROL')).toBe(5);
  expect(valuesOf(undefined).size).toBe(0);
});
