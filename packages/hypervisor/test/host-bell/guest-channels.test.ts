import {
  drawPackets,
  extract,
  channelRegisters,
  faults,
  header,
  PAGE_BYTES,
  ringPackets,
  type HostChannel,
  type VramRange,
} from '@doorbell/abi';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GuestChannels } from '../../src/host-bell/guest-channels.ts';
import type { Vm } from '../../src/vm.ts';
import { AT, bellHost, VRAM_PAGES, type BellHost } from './bell-host.ts';

/** Guest-physical addresses and GPU addresses of a ring, a fence word and a page of data. */
const RAM = { ring: 0x10000, fence: 0x11000, data: 0x12000 } as const;
const VA = { ring: 0x100000, fence: 0x101000, data: 0x102000, vram: 0x200000 } as const;

/** A guest's program: packets in the ring, then its doorbell, as it reaches it. */
function submit(vm: Vm, channel: HostChannel, packets: readonly number[]): void {
  const bytes = new Uint8Array(Uint32Array.from(packets).buffer);
  vm.computer.ram.copyIn(RAM.ring, bytes);
  const { endpoint, bar, offset } = channel.doorbell;
  endpoint.barWrite(bar, offset, 4, bytes.length);
}

function copy(dst: number, src: number, bytes: number): number[] {
  const { opcode, words } = drawPackets.copy;
  return [header(opcode, words), dst, bytes, src, bytes, bytes, 1];
}

const fence = (value: number): number[] => [header(ringPackets.FENCE.opcode, 3), value, 1];

interface Opened {
  readonly rig: BellHost;
  readonly channels: GuestChannels;
  readonly vm: Vm;
  readonly channel: HostChannel;
  interrupts: number;
}

function opened(rig = bellHost(), limit?: number): Opened {
  const { vm, channels } = rig.guest(limit);
  const made: Opened = {
    rig,
    channels,
    vm,
    interrupts: 0,
    channel: channels.open(() => {
      made.interrupts++;
    }),
  };
  return made;
}

function started(rig?: BellHost): Opened {
  const made = opened(rig);
  const { channel } = made;
  channel.mapMemory(VA.ring, RAM.ring, 1, false);
  channel.mapMemory(VA.fence, RAM.fence, 1, true);
  channel.mapMemory(VA.data, RAM.data, 1, true);
  channel.start({ ring: VA.ring, ringBytes: PAGE_BYTES, fence: VA.fence });
  return made;
}

/** Lets the part work until nothing is due any more. */
async function settle({ rig }: Opened): Promise<void> {
  await rig.run(() => rig.host.computer.clock.sleep(1e9));
}

describe('a channel of a guest', () => {
  test("runs packets from the guest's own memory when its doorbell is rung, and says so", async () => {
    const made = started();
    const { vm, channel } = made;
    vm.computer.ram.store32(RAM.data, 0x600dcafe);
    submit(vm, channel, [...copy(VA.data + 64, VA.data, 4), ...fence(7)]);
    await settle(made);
    expect(vm.computer.ram.load32(RAM.data + 64)).toBe(0x600dcafe);
    expect(vm.computer.ram.load32(RAM.fence)).toBe(7);
    expect(made.interrupts).toBe(1);
    expect(channel.fault()).toBeUndefined();
  });

  test('is given VRAM that holds zeros, whatever was there', async () => {
    const made = started();
    const { rig, channel } = made;
    const first = await rig.run(() => channel.allocate(3));
    rig.bell.aperture.writeBlock(
      first.page * PAGE_BYTES,
      new Uint8Array(3 * PAGE_BYTES).fill(0x55),
    );
    channel.free(first);
    const again = await rig.run(() => channel.allocate(3));
    expect(again.page).toBe(first.page);
    const seen = new Uint8Array(3 * PAGE_BYTES);
    rig.bell.aperture.readBlock(again.page * PAGE_BYTES, seen);
    expect(seen.some((byte) => byte !== 0)).toBe(false);
  });

  test('reaches no VRAM that it was not given, and a page that was unmapped no more', async () => {
    const made = started();
    const { rig, vm, channel } = made;
    const range = await rig.run(() => channel.allocate(1));
    channel.mapVram(VA.vram, range, true);
    submit(vm, channel, [...copy(VA.vram, VA.data, 4), ...fence(1)]);
    await settle(made);
    expect(channel.fault()).toBeUndefined();
    channel.unmap(VA.vram, 1);
    channel.start({ ring: VA.ring, ringBytes: PAGE_BYTES, fence: VA.fence });
    submit(vm, channel, [...copy(VA.vram, VA.data, 4), ...fence(2)]);
    await settle(made);
    const { REASON } = channelRegisters.rows.FAULT.bits;
    expect(extract(REASON, channel.fault()!.fault)).toBe(faults.NOT_PRESENT.code);
    expect(channel.fault()!.address).toBe(VA.vram);
    expect(vm.computer.ram.load32(RAM.fence)).toBe(1);
  });

  test('has no privileged packets', async () => {
    const made = started();
    const { vm, channel } = made;
    const { REGISTER } = ringPackets;
    submit(vm, channel, [header(REGISTER.opcode, 3), 0x110, 1]);
    await settle(made);
    const { REASON } = channelRegisters.rows.FAULT.bits;
    expect(extract(REASON, channel.fault()!.fault)).toBe(faults.PRIVILEGED.code);
  });

  test.each<[string, (channel: HostChannel) => void]>([
    [
      'an address that is no page',
      (channel) => {
        channel.mapMemory(0x100001, 0, 1, true);
      },
    ],
    [
      'more than there are addresses',
      (channel) => {
        channel.mapMemory(0x3ffff000, 0, 2, true);
      },
    ],
    [
      'no page at all',
      (channel) => {
        channel.mapMemory(VA.vram, 0, 0, true);
      },
    ],
    [
      'memory that the guest has not',
      (channel) => {
        channel.mapMemory(VA.vram, 1 << 20, 1, true);
      },
    ],
    [
      'an address that is taken',
      (channel) => {
        channel.mapMemory(VA.ring, RAM.data, 1, true);
      },
    ],
    [
      'to unmap what is not mapped',
      (channel) => {
        channel.unmap(VA.vram, 1);
      },
    ],
    [
      "VRAM that is another's",
      (channel) => {
        channel.mapVram(VA.vram, { page: 0, pages: 1 }, true);
      },
    ],
    [
      'a ring of 300 bytes',
      (channel) => {
        channel.start({ ring: VA.ring, ringBytes: 300, fence: 0 });
      },
    ],
  ])('is refused %s, and nothing is pinned by it', (_what, act) => {
    const { channel, channels } = started();
    const before = channels.pinnedPages;
    expect(() => {
      act(channel);
    }).toThrow(expect.objectContaining({ code: 'bad-range' }));
    expect(channels.pinnedPages).toBe(before);
  });

  test('pins no more pages than it may', () => {
    const { channel } = opened(bellHost(), 2);
    expect(() => {
      channel.mapMemory(VA.data, 0, 3, true);
    }).toThrow(expect.objectContaining({ code: 'bad-range' }));
    channel.mapMemory(VA.data, 0, 2, true);
  });

  test('gives everything back when it is closed', async () => {
    const rig = bellHost();
    // The kernel's own page tables stay: they are there once something was cleared.
    const page = rig.bell.allocateVram(1);
    await rig.run(() => rig.kernel.clear(page, 1));
    rig.bell.releaseVram(page);
    const free = rig.bell.channelsFree;
    const used = rig.bell.vramPagesUsed;
    const { vm, channels } = rig.guest();
    const channel = channels.open(() => undefined);
    channel.mapMemory(VA.data, RAM.data, 4, true);
    const range = await rig.run(() => channel.allocate(5));
    channel.mapVram(VA.vram, range, true);
    expect(channels.pinnedPages).toBe(4);
    channel.close();
    channel.close();
    expect(channels.pinnedPages).toBe(0);
    expect(rig.bell.channelsFree).toBe(free);
    expect(rig.bell.vramPagesUsed).toBe(used);
    expect(vm.computer.ram.load32(0)).toBe(0);
  });

  test('whatever it maps and unmaps: it reaches just that', async () => {
    const step = fc.record({
      map: fc.boolean(),
      slot: fc.integer({ min: 0, max: 7 }),
      pages: fc.integer({ min: 1, max: 3 }),
      gpa: fc.integer({ min: 0, max: 260 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const made = started();
        const { rig, vm, channel } = made;
        const expected = new Map<number, number>();
        for (const { map, slot, pages, gpa } of steps) {
          const first = slot * 2;
          const range = Array.from({ length: pages }, (_, index) => first + index);
          const act = (): void => {
            if (map) {
              channel.mapMemory(VA.vram + first * PAGE_BYTES, gpa * PAGE_BYTES, pages, true);
            } else {
              channel.unmap(VA.vram + first * PAGE_BYTES, pages);
            }
          };
          const allowed = map
            ? range.every((page) => !expected.has(page)) && gpa + pages <= 256
            : range.every((page) => expected.has(page));
          if (!allowed) {
            expect(act).toThrow();
            continue;
          }
          act();
          range.forEach((page, index) =>
            map ? expected.set(page, gpa + index) : expected.delete(page),
          );
        }
        for (const page of Array.from({ length: 18 }, (_, index) => index)) {
          channel.start({ ring: VA.ring, ringBytes: PAGE_BYTES, fence: VA.fence });
          const packets = [...copy(VA.data, VA.vram + page * PAGE_BYTES, 4), ...fence(page + 1)];
          submit(vm, channel, packets);
          await settle(made);
          expect(channel.fault() === undefined).toBe(expected.has(page));
        }
        expect(rig.host.iommu.counts.faults).toBe(0);
      }),
      { numRuns: 8 },
    );
  });
});

test("a picture must lie within its range; the part's own screen shows it", async () => {
  const rig = bellHost();
  const { channels } = rig.guest();
  const channel = channels.open(() => undefined);
  const range: VramRange = await rig.run(() => channel.allocate(4));
  expect(() => {
    channels.show(range, 64, 65, 256);
  }).toThrow(/not within/);
  channels.show(range, 64, 64, 256);
  expect(rig.model.counts.flips).toBe(1);
  expect(rig.host.bus.function(AT)).toBe(rig.model);
  expect(VRAM_PAGES).toBe(rig.bell.vramPages);
});

test('the channels of two guests do not meet', async () => {
  const rig = bellHost();
  const one = started(rig);
  const other = started(rig);
  one.vm.computer.ram.store32(RAM.data, 1);
  other.vm.computer.ram.store32(RAM.data, 2);
  submit(one.vm, one.channel, [...copy(VA.data + 4, VA.data, 4), ...fence(1)]);
  submit(other.vm, other.channel, [header(0xee, 1)]);
  await settle(one);
  expect(one.vm.computer.ram.load32(RAM.data + 4)).toBe(1);
  expect(other.vm.computer.ram.load32(RAM.data + 4)).toBe(0);
  expect(one.channel.fault()).toBeUndefined();
  expect(other.channel.fault()).toBeDefined();
  other.channel.close();
  submit(one.vm, one.channel, [...fence(1), ...fence(2)]);
  await settle(one);
  expect(one.vm.computer.ram.load32(RAM.fence)).toBe(1);
});
