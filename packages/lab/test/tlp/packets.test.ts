import {
  bdf,
  completionStatus,
  crossing,
  crossingOf,
  messageCodes,
  type EventKind,
} from '@doorbell/abi';
import type { TraceEvent } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import type { BusMap } from '../../src/tlp/bus-map.ts';
import { ROOT_COMPLEX, tlpsOf, type Tlp } from '../../src/tlp/packets.ts';

const GPU = bdf(0, 2, 0);
const BAR = 0xe000_0000;

/** One function with one BAR of 4 KiB, and what PCI Express has at reset. */
const bus: BusMap = {
  place: (address) =>
    address >= BAR && address < BAR + 4096
      ? { completer: GPU, bar: 0, offset: address - BAR }
      : undefined,
  limits: () => ({ payload: 128, readRequest: 512 }),
  ids: () => ({ vendor: 0x1234, device: 0xbe11 }),
};

function packets(kind: EventKind, a: number, b: number, c: number): Tlp[] {
  const event: TraceEvent = { id: 7, time: 100, kind, request: 0, cause: 0, line: 0, a, b, c };
  return [...tlpsOf([event], bus)];
}

/** `down MRd 0xe0000004 4: 1/f/0 tag 0`: length, byte enables and tag. */
function text({ direction, header, address, payload }: Tlp): string {
  const enables =
    'firstBe' in header
      ? `${header.length}/${header.firstBe.toString(16)}/${header.lastBe.toString(16)}`
      : `${header.length}`;
  const at = address === undefined ? '' : ` 0x${address.toString(16)}`;
  return `${direction} ${header.type}${at} ${payload}: ${enables} tag ${header.tag}`;
}

const own = crossing.of(GPU, crossingOf.READ);
const ownWrite = crossing.of(GPU, crossingOf.WRITE);

describe('an access of the CPU', () => {
  it('that reads is a request and a completion of its bytes', () => {
    const seen = packets('mmioRead', 0, 0, crossing.of(BAR + 6, 2));
    expect(seen.map(text)).toEqual([
      'down MRd 0xe0000006 0: 1/c/0 tag 0',
      'up CplD 0xe0000006 2: 1 tag 0',
    ]);
    expect(seen[0].header).toMatchObject({ requester: ROOT_COMPLEX, address: BAR + 4 });
    expect(seen[1].header).toMatchObject({ completer: GPU, byteCount: 2, lowerAddress: 6 });
    expect(seen.map(({ flow, time, event }) => [flow, time, event])).toEqual([
      ['non-posted', 100, 7],
      ['completion', 100, 7],
    ]);
  });

  it('that writes is one posted request', () => {
    const seen = packets('mmioWrite', 0, 5, crossing.of(BAR + 1, 1));
    expect(seen.map(text)).toEqual(['down MWr 0xe0000001 1: 1/2/0 tag 0']);
    expect(seen[0].flow).toBe('posted');
  });

  it('that stores many words is one write per write-combining buffer', () => {
    const seen = packets('mmioBlock', 0, 100, crossing.of(BAR + 32, crossingOf.WRITE));
    expect(seen.map(text)).toEqual([
      'down MWr 0xe0000020 32: 8/f/f tag 0',
      'down MWr 0xe0000040 64: 16/f/f tag 0',
      'down MWr 0xe0000080 4: 1/f/0 tag 0',
    ]);
  });

  it('that loads many words waits for each', () => {
    const seen = packets('mmioBlock', 0, 128, crossing.of(BAR, crossingOf.READ));
    expect(seen.map(text)).toEqual([
      'down MRd 0xe0000000 0: 16/f/f tag 0',
      'up CplD 0xe0000000 64: 16 tag 0',
      'down MRd 0xe0000040 0: 16/f/f tag 0',
      'up CplD 0xe0000040 64: 16 tag 0',
    ]);
  });

  it('to where nothing is, is answered by the root complex: unsupported', () => {
    const [, answer] = packets('mmioRead', 0, 0, crossing.of(0xd000_0000, 4));
    expect(answer.header).toMatchObject({
      ...{ type: 'Cpl', completer: ROOT_COMPLEX, status: completionStatus.UR.code },
    });
  });

  it('that traps, or reaches memory that stands for a device, is none', () => {
    for (const kind of ['mmioRead', 'mmioWrite', 'mmioBlock', 'configRead', 'dmaRead'] as const) {
      expect(packets(kind, 8, 8, crossing.none)).toEqual([]);
    }
  });
});

describe('a configuration access', () => {
  it('that reads names the function, the double word and the bytes', () => {
    const seen = packets('configRead', 0x06, 0, crossing.of(GPU, 2));
    expect(seen.map(text)).toEqual(['down CfgRd0 0: 1/c/0 tag 0', 'up CplD 4: 1 tag 0']);
    expect(seen[0].header).toMatchObject({ completer: GPU, register: 1 });
  });

  it('that writes is answered, without data', () => {
    const seen = packets('configWrite', 0x04, 6, crossing.of(GPU, 2));
    expect(seen.map(text)).toEqual(['down CfgWr0 2: 1/3/0 tag 0', 'up Cpl 0: 0 tag 0']);
    expect(seen[0].flow).toBe('non-posted');
  });
});

describe('a transfer of the function', () => {
  it('that reads is requests with tags of their own, then the completions of each', () => {
    expect(packets('dmaRead', 0x1_0000_01f4, 500, own).map(text)).toEqual([
      'up MRd 0x1000001f4 0: 3/f/f tag 0',
      'up MRd 0x100000200 0: 122/f/f tag 1',
      'down CplD 0x1000001f4 12: 3 tag 0',
      'down CplD 0x100000200 128: 32 tag 1',
      'down CplD 0x100000280 128: 32 tag 1',
      'down CplD 0x100000300 128: 32 tag 1',
      'down CplD 0x100000380 104: 26 tag 1',
    ]);
  });

  it('that reads more than its tags cover goes on as completions come', () => {
    const seen = packets('dmaRead', 0, 33 * 512, own);
    const requests = seen.flatMap(({ header }, at) => (header.type === 'MRd' ? [at] : []));
    expect(requests.slice(30)).toEqual([30, 31, 36]);
    expect(seen[36].header.tag).toBe(0);
  });

  it('that writes is cut at the largest payload', () => {
    expect(packets('dmaWrite', 0x107d, 150, ownWrite).map(text)).toEqual([
      'up MWr 0x107d 3: 1/e/0 tag 0',
      'up MWr 0x1080 128: 32/f/f tag 0',
      'up MWr 0x1100 19: 5/f/7 tag 0',
    ]);
  });

  it('that is refused: a read is answered by Unsupported Request, a write is gone', () => {
    const seen = packets('dmaRefused', 0x3000, 64, own);
    expect(seen.map(text)).toEqual(['up MRd 0x3000 0: 16/f/f tag 0', 'down Cpl 0x3000 0: 0 tag 0']);
    expect(seen[1].header).toMatchObject({ status: completionStatus.UR.code, byteCount: 64 });
    expect(packets('dmaRefused', 0x3000, 64, ownWrite).map(text)).toEqual([
      'up MWr 0x3000 64: 16/f/f tag 0',
    ]);
  });
});

describe('an interrupt', () => {
  it('that is a message is a write of four bytes', () => {
    const seen = packets('message', 0xfee0_0000, 0x22, ownWrite);
    expect(seen.map(text)).toEqual(['up MWr 0xfee00000 4: 1/f/0 tag 0']);
    expect(seen[0].header).toMatchObject({ requester: GPU });
  });

  it('that is a line is a message when it rises, and another when it falls', () => {
    const codes = [1, 0].map((high) => packets('line', high, 0, ownWrite)[0].header);
    expect(codes).toMatchObject([
      { type: 'Msg', requester: GPU, code: messageCodes.ASSERT_INTA },
      { type: 'Msg', requester: GPU, code: messageCodes.DEASSERT_INTA },
    ]);
  });
});
