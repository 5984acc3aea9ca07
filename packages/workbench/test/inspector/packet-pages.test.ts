/** Pages of packets: from any page every packet can be come to. */
import { expect, it } from 'vitest';
import { packetPages } from '../../src/inspector/packet-pages.ts';
import { PACKETS_SHOWN } from '../../src/machine/contract.ts';

it('one page has none beside it', () => {
  expect(packetPages(1, PACKETS_SHOWN)).toEqual({
    ...{ start: undefined, earlier: undefined, later: undefined, end: undefined },
  });
});

it('a page between others leads to both, and pages do not leave out a packet', () => {
  expect(packetPages(301, 1000)).toEqual({ start: 1, earlier: 101, later: 501, end: 801 });
  expect(packetPages(101, 1000)).toMatchObject({ earlier: 1 });
  expect(packetPages(701, 1000)).toMatchObject({ later: 801, end: 801 });
});

it('goes from the start to the end by whole pages', () => {
  const total = 1234;
  const seen: number[] = [];
  for (let at: number | undefined = 1; at !== undefined; at = packetPages(at, total).later) {
    seen.push(at);
  }
  expect(seen).toEqual([1, 201, 401, 601, 801, 1001, 1035]);
  expect(packetPages(1035, total)).toMatchObject({ later: undefined, end: undefined, start: 1 });
});
