/** The datasheet's example in numbers, word for word as the page has it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Bell } from '../../src/bell/bell.ts';
import { FakeHost } from '../fake-host.ts';
import { rates } from './rig.ts';

const page = readFileSync(
  new URL('../../../../docs/reference/bell.md', import.meta.url),
  'utf8',
).split('\n');

interface Row {
  readonly where: string;
  readonly offset: number;
  readonly word: number;
}

/** The rows of the table with this head. */
function rows(head: string): readonly Row[] {
  const begin = page.indexOf(`| ${head} | Offset | Word | Meaning |`) + 2;
  const end = page.indexOf('', begin);
  return page.slice(begin, end).map((line) => {
    const [, where, offset, word] = line.split('|').map((cell) => cell.trim());
    return { where, offset: Number(offset), word: Number(word) };
  });
}

function barOf(where: string): number {
  expect(where).toMatch(/^BAR[0-4]$/);
  return Number(where.slice(3));
}

test('the words of the example, written to the part, bring back the fence', () => {
  const host = new FakeHost();
  const bell = new Bell(host, rates);
  host.attach(bell);
  // COMMAND: memory and bus master. MSI-X's message control: enable.
  bell.configWrite(0x04, 2, 0x0006);
  bell.configWrite(0x52, 2, 0x8000);
  bell.barWrite(0, 0x014, 4, 1);

  const writes = rows('Write to');
  expect(writes).toHaveLength(22);
  for (const { where, offset, word } of writes) {
    expect(host.messages).toEqual([]);
    bell.barWrite(barOf(where), offset, 4, word);
  }
  host.settle();

  expect(host.messages).toEqual([{ address: 0xfee00000, data: 0x42 }]);
  const reads = rows('Read from');
  expect(reads).toHaveLength(7);
  const ram = new DataView(host.ram.buffer);
  for (const row of reads) {
    const { where, offset } = row;
    const word =
      where === 'RAM' ? ram.getUint32(offset, true) : bell.barRead(barOf(where), offset, 4);
    expect({ where, offset, word }).toEqual(row);
  }
  bell.barWrite(0, 0x4128, 4, 1);
  expect(bell.barRead(0, 0x4128, 4)).toBe(0);
});
