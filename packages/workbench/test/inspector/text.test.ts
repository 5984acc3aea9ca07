/** What the inspector says of numbers, events, counts, and which tab a key goes to. */
import { expect, it } from 'vitest';
import { counterRows, difference } from '../../src/inspector/counter-rows.ts';
import { tabAfter } from '../../src/inspector/tabs.tsx';
import { eventParts, fixedHex, functionName, parseNumber } from '../../src/inspector/text.ts';
import { paneNames, paneOf } from '../../src/machine/contract.ts';

it('numbers are written as the field writes them, and read as a person gives them', () => {
  expect(fixedHex(0x1f, 2)).toBe('0x001f');
  expect(functionName(0x10a)).toBe('01:01.2');
  expect(['0x1000', ' 4096 ', '0xG', '-1', '', '1e3'].map(parseNumber)).toEqual([
    ...[4096, 4096, undefined, undefined, undefined, undefined],
  ]);
});

it("an event's line has a time, a kind, and what it was", () => {
  expect(eventParts('#5063  72.3 us  mmioWrite  doorbell0.TAIL = 0x40')).toEqual({
    ...{ time: '72.3 us', kind: 'mmioWrite', what: 'doorbell0.TAIL = 0x40' },
  });
  expect(eventParts('#7  1.0 us  statement')).toMatchObject({ kind: 'statement', what: '' });
});

it('counts of both sides are one table, without what nobody counted', () => {
  const rows = counterRows(
    [
      [
        ['exits', 3],
        ['kicks', 0],
      ],
      [
        ['exits', 0],
        ['kicks', 0],
        ['fences', 2],
      ],
    ],
    [undefined, [['exits', 0]]],
  );
  expect(rows).toEqual([
    { name: 'exits', counts: [3, 0], was: [undefined, 0] },
    { name: 'fences', counts: [0, 2], was: [undefined, 0] },
  ]);
  expect([difference([1, 1]), difference([1, 2001]), difference([5, 1])]).toEqual([
    ...['=', '+2,000', '−4'],
  ]);
});

it('arrows go around the tabs; other keys stay', () => {
  expect(tabAfter('ArrowRight', 11, 12)).toBe(0);
  expect(tabAfter('ArrowLeft', 0, 12)).toBe(11);
  expect([tabAfter('Home', 5, 12), tabAfter('End', 5, 12)]).toEqual([0, 11]);
  expect(tabAfter('a', 5, 12)).toBeUndefined();
});

it('an address that names no pane shows the registers', () => {
  expect(paneOf('nonsense')).toBe('registers');
  expect(paneNames.map(paneOf)).toEqual([...paneNames]);
});
