import { bellRegisters, drawPackets, header, PAGE_BYTES, pte, ringPackets } from '@doorbell/abi';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MediationOptions } from '../../src/mdev/mdev-share.ts';
import type { MediationKind, ShadowPlace } from '../../src/mdev/mediation-policy.ts';
import { mediations } from '../../src/mdev/mediations.ts';
import { MediatedHost, RAM, RAM_BYTES, RW, SYSTEM, VA } from '../../testing/mediated-guest.ts';

const { INDIRECT, FENCE, REGISTER, NOP } = ringPackets;
const indirect = (address: number, words: number): number[] => [
  ...[header(INDIRECT.opcode, 3), address, words],
];
const fence = (value: number): number[] => [header(FENCE.opcode, 3), value, 0];
const flip = [header(REGISTER.opcode, 3), bellRegisters.rows.SCANOUT_FLIP.offset, 1];

/** Writes a word to an address. */
function fill(dst: number, value: number): number[] {
  const { opcode, words } = drawPackets.fill;
  return [header(opcode, words), dst, 4, 1, 1, value];
}

const modes: readonly MediationOptions[] = [
  { barRemap: true, shadow: 'lazy' },
  { barRemap: true, shadow: 'strict' },
  { barRemap: false, shadow: 'lazy' },
  { barRemap: false, shadow: 'strict' },
];

describe.each(modes)('a mediated bell, %o', (options) => {
  test("runs packets from the guest's ring on the guest's memory", async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    guest.submit([...fill(VA.data, 7), ...fence(1)]);
    await rig.settle();
    expect(guest.word(RAM.data)).toBe(7);
    expect(guest.word(RAM.fence)).toBe(1);
    expect(guest.channel.HEAD.read()).toBe(guest.channel.TAIL.read());
    expect(guest.vgpu.pinnedPages).toBe(4);
  });

  test.each<[string, number, number, string]>([
    ['a page of VRAM that it has not', RW, 960 * PAGE_BYTES, 'BAD_ENTRY'],
    ['a page of VRAM beyond the part', RW, 0x7ffff000, 'BAD_ENTRY'],
    ['memory that it has not', SYSTEM, RAM_BYTES, 'BUS'],
    ['an address beyond 32 bits', SYSTEM, 0x10_0000_0000, 'BUS'],
    ['a reserved bit', RW | 0x10, 0, 'BAD_ENTRY'],
    ['a reserved bit of the high word', RW, 2 ** 48, 'BAD_ENTRY'],
    ['a directory in place of a page', RW | pte.TABLE.mask, 0, 'BAD_ENTRY'],
    ['nothing', 0, 0, 'NOT_PRESENT'],
    ['a page that is read-only', SYSTEM & ~pte.WRITE.mask, RAM.data, 'NOT_WRITABLE'],
  ])('an entry with %s: the fault that bare metal has', async (_what, flags, address, reason) => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    guest.map(0x10000, flags, address);
    guest.submit([...fill(0x10000, 7), ...fence(1)]);
    await rig.settle();
    expect(guest.state).toBe('FAULTED');
    expect(guest.fault).toBe(reason);
    expect(guest.channel.FAULT_ADDRESS.read()).toBe(0x10000);
    expect(guest.channel.FAULT_PACKET.read()).toBe(VA.ring);
    expect(guest.word(RAM.fence)).toBe(0);
  });

  test('a directory that points at itself, or beyond VRAM, is refused where it is used', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    guest.store(0, 1, pte.VALID.mask | pte.TABLE.mask);
    guest.store(0, 2, 0x7ffff000 + pte.VALID.mask + pte.TABLE.mask);
    for (const va of [1 << 21, 2 << 21]) {
      guest.start();
      guest.submit(fill(va, 7));
      await rig.settle();
      expect(guest.fault).toBe('BAD_ENTRY');
    }
    guest.start();
    guest.channel.CONTROL.write(0);
    guest.channel.PAGE_ROOT.write(0xfffff);
    guest.channel.CONTROL.write(1);
    guest.submit(fence(1));
    await rig.settle();
    expect(guest.fault).toBe('BAD_ENTRY');
  });

  test('follows entries that change, when it is told so', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    for (let step = 1; step < 6; step++) {
      const address = RAM.data + 0x1000 * (step % 3);
      guest.map(0x10000, SYSTEM, address);
      guest.registers.TLB_INVALIDATE.write(0);
      guest.submit([...fill(0x10000, step), ...fence(step)]);
      await rig.settle();
      expect(guest.word(address)).toBe(step);
      expect(guest.word(RAM.fence)).toBe(step);
    }
    guest.map(0x10000, 0, 0);
    guest.registers.TLB_INVALIDATE.write(1 << 31);
    guest.submit(fill(0x10000, 9));
    await rig.settle();
    expect(guest.fault).toBe('NOT_PRESENT');
    expect(guest.vgpu.pinnedPages).toBe(4);
  });

  test('follows a block store that goes from other pages into a table', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    guest.store(0, 1, 5 * PAGE_BYTES + pte.VALID.mask + pte.TABLE.mask);
    const block = new Uint32Array((2 * PAGE_BYTES) / 4);
    block.set([RAM.data + SYSTEM, 0], PAGE_BYTES / 4);
    guest.vram.writeBlock(4 * PAGE_BYTES, new Uint8Array(block.buffer));
    guest.submit([...fill(1 << 21, 7), ...fence(1)]);
    await rig.settle();
    expect(guest.fault).toBeUndefined();
    expect(guest.word(RAM.data)).toBe(7);
  });

  test('a privileged packet has no opcode: what is before it runs, it does not', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    guest.channel.CONTROL.write(0);
    guest.channel.CONTROL.write(3);
    expect(guest.channel.CONTROL.read()).toBe(1);
    guest.submit([...fence(1), ...flip, ...fence(2)]);
    await rig.settle();
    expect(guest.fault).toBe('BAD_OPCODE');
    expect(guest.channel.FAULT_PACKET.read()).toBe(VA.ring + 12);
    expect(guest.word(RAM.fence)).toBe(1);
    expect(rig.model.counts.flips).toBe(0);
    expect(rig.host.machine.counts.commandsRefused).toBe(1);
    guest.start();
    guest.write(RAM.packets, [...fence(3), ...flip]);
    guest.submit(indirect(VA.packets, 6));
    await rig.settle();
    expect(guest.word(RAM.fence)).toBe(3);
    expect(guest.channel.FAULT_PACKET.read()).toBe(VA.packets + 12);
    expect(rig.model.counts.flips).toBe(0);
  });

  test('what was read is what runs, whatever is stored after the doorbell', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    guest.write(RAM.packets, fill(VA.data, 7));
    guest.submit([...indirect(VA.packets, 6), ...fence(1)]);
    const { memory } = rig.host;
    const [ring, packets] = [RAM.ring, RAM.packets].map((at) => guest.vm.computer.ram.place(at, 4));
    memory.words.set(flip, ring / 4 + 3);
    memory.words.set(flip, packets / 4);
    await rig.settle();
    expect(guest.fault).toBeUndefined();
    expect(guest.word(RAM.data)).toBe(7);
    expect(guest.word(RAM.fence)).toBe(1);
    expect(rig.model.counts.flips).toBe(0);
  });

  test('a page whose packets are not there yet stays away while they are in flight', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    guest.write(RAM.packets, flip);
    guest.submit(indirect(0x20000, 3));
    guest.map(0x20000, SYSTEM, RAM.packets);
    guest.registers.TLB_INVALIDATE.write(0);
    await rig.settle();
    expect(guest.fault).toBe('NOT_PRESENT');
    expect(rig.model.counts.flips).toBe(0);
  });

  test('a packet may come in two parts', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    const [first, ...rest] = fill(VA.data, 7);
    // With the function off nothing runs meanwhile.
    guest.registers.CONTROL.write(0);
    guest.submit([...fence(1), first]);
    guest.submit([...rest, ...fence(2)]);
    guest.registers.CONTROL.write(1);
    await rig.settle();
    expect(guest.word(RAM.data)).toBe(7);
    expect(guest.word(RAM.fence)).toBe(2);
  });

  test('goes round the ring many times, and holds few pages for it', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    let tail = 0;
    for (let step = 1; step <= 500; step++) {
      const at = tail;
      const fits = at + 24 <= PAGE_BYTES;
      guest.write(RAM.packets + (step % 100) * 24, fill(VA.data, step));
      const packets = [...indirect(VA.packets + (step % 100) * 24, 6), ...fence(step)];
      if (!fits) {
        guest.write(RAM.ring + at, [header(NOP.opcode, (PAGE_BYTES - at) / 4)]);
      }
      guest.write(RAM.ring + (fits ? at : 0), packets);
      tail = ((fits ? at : 0) + 24) % PAGE_BYTES;
      guest.doorbell.TAIL.write(tail);
      await rig.settle();
      expect(guest.word(RAM.data)).toBe(step);
      expect(guest.word(RAM.fence)).toBe(step);
    }
    expect(guest.vgpu.hostPages.snapshots).toBeLessThanOrEqual(2);
  });

  test("is not reached by what is another's", async () => {
    const rig = new MediatedHost();
    const one = rig.guest(options);
    const other = rig.guest(options);
    for (const [guest, value] of [
      [one, 1],
      [other, 2],
    ] as const) {
      guest.map(0x10000, RW, 8 * PAGE_BYTES);
      guest.submit([...fill(VA.data, value), ...fill(0x10000, value), ...fence(value)]);
    }
    await rig.settle();
    for (const [guest, value] of [
      [one, 1],
      [other, 2],
    ] as const) {
      expect(guest.word(RAM.data)).toBe(value);
      expect(guest.vram.read(8 * PAGE_BYTES, 4)).toBe(value);
    }
    other.submit([0xee]);
    other.process.exit();
    one.submit(fence(3));
    await rig.settle();
    expect(one.word(RAM.fence)).toBe(3);
  });

  test('dies in the middle of its work: nothing of it is left', async () => {
    const rig = new MediatedHost();
    const before = { vram: rig.bell.vramPagesUsed, channels: rig.bell.channelsFree };
    const guest = rig.guest(options);
    guest.write(RAM.packets, fill(VA.data, 7));
    guest.submit([...indirect(VA.packets, 6), ...fence(1)]);
    guest.process.exit();
    expect(guest.vgpu.pinnedPages).toBe(0);
    expect(guest.process.pins).toBe(0);
    expect(guest.vgpu.hostPages).toEqual({ tables: 0, snapshots: 0 });
    expect({ vram: rig.bell.vramPagesUsed, channels: rig.bell.channelsFree }).toEqual(before);
    rig.parent.remove(guest.uuid);
    await rig.settle();
    expect(rig.host.iommu.counts.faults).toBe(0);
  });

  test('loses RAM that its VM takes away, and gets BUS for it', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    guest.submit(fence(1));
    await rig.settle();
    guest.container.unmap(0, RAM_BYTES);
    expect(guest.process.pins).toBe(0);
    guest.channel.RESET.write(1);
    guest.start();
    guest.doorbell.TAIL.write(12);
    await rig.settle();
    expect(guest.fault).toBe('BUS');
  });

  test('reaches no RAM while it is no bus master', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest(options);
    guest.submit(fence(1));
    await rig.settle();
    guest.vgpu.configWrite(4, 2, 2);
    expect(guest.vgpu.pinnedPages).toBe(0);
    guest.submit(fence(2));
    await rig.settle();
    expect(guest.fault).toBe('BUS');
    expect(guest.word(RAM.fence)).toBe(1);
  });

  test('a hang is its own; a tail that is wrong, too', async () => {
    const rig = new MediatedHost();
    const one = rig.guest(options);
    const other = rig.guest(options);
    const { WAIT } = ringPackets;
    one.submit([header(WAIT.opcode, 3), VA.data, 1]);
    other.submit(fence(1));
    await rig.settle();
    expect(one.state).toBe('HUNG');
    expect(other.word(RAM.fence)).toBe(1);
    other.doorbell.TAIL.write(3);
    await rig.settle();
    expect(other.fault).toBe('BAD_TAIL');
  });

  test('whatever is in its ring and its tables: the GPU runs no packet that was not read', async () => {
    const word = fc.oneof(
      fc.constantFrom(...fence(1), ...flip, ...indirect(VA.packets, 40), ...fill(VA.data, 1)),
      fc.constantFrom(VA.ring, VA.packets, 0x10000, header(NOP.opcode, 2), 4096),
      fc.nat(0xffffffff),
    );
    const round = fc.record({
      ring: fc.array(word, { minLength: 1, maxLength: 24 }),
      packets: fc.array(word, { maxLength: 40 }),
      entry: fc.tuple(fc.nat(15), fc.nat(0xffffffff), fc.constantFrom(0, 0, 1, 0x10000)),
      settles: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 8 }), async (rounds) => {
        const rig = new MediatedHost();
        const guest = rig.guest(options);
        const other = rig.guest(options);
        const [ran, { commandsScanned }] = [rig.model.counts.packets, rig.host.machine.counts];
        for (const { ring, packets, entry, settles } of rounds) {
          guest.write(RAM.packets, packets);
          guest.store(1, ...entry);
          guest.registers.TLB_INVALIDATE.write(0);
          guest.submit(ring);
          if (settles) {
            await rig.settle();
            if (guest.fault !== undefined || guest.state === 'HUNG') {
              guest.start();
            }
          }
        }
        other.submit(fence(1));
        await rig.settle();
        expect(other.word(RAM.fence)).toBe(1);
        const { counts } = rig.host.machine;
        expect(rig.model.counts.packets - ran).toBeLessThanOrEqual(
          counts.commandsScanned - commandsScanned,
        );
        expect(rig.model.counts.flips).toBe(0);
      }),
      { numRuns: 15 },
    );
  });
});

describe('the function of a mediated bell', () => {
  test('has its own share, errors, screen and reset', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest();
    const { registers, channel } = guest;
    expect(registers.VRAM_PAGES.read()).toBe(960);
    expect(registers.CAPS.read() & 0xff).toBe(30);
    guest.vgpu.barWrite(0, 0x2000, 4, 1);
    expect(registers.ERROR_OFFSET.read()).toBe(0x2000);
    guest.vgpu.barWrite(0, 0x4000 + 30 * 0x80, 4, 1);
    guest.vram.write(5 * PAGE_BYTES, 4, 0x04030201);
    registers.SCANOUT_SIZE.write((1 << 16) | 1);
    registers.SCANOUT_STRIDE.write(4);
    registers.SCANOUT_PAGE.write(5);
    registers.SCANOUT_CONTROL.write(1);
    registers.SCANOUT_FLIP.write(1);
    expect(guest.shown).toEqual([Uint8Array.of(1, 2, 3, 4)]);
    registers.SCANOUT_PAGE.write(960);
    registers.SCANOUT_FLIP.write(1);
    expect(registers.SCANOUT_FRAMES.read()).toBe(1);
    registers.RESET.write(1);
    expect(channel.CONTROL.read()).toBe(0);
    expect(registers.ERROR.read()).toBe(0);
    expect(guest.vgpu.pinnedPages).toBe(0);
    expect(rig.model.counts.flips).toBe(0);
  });

  test('a physical channel that is turned on again with another ring stays off while it has work', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest();
    guest.write(RAM.packets, flip);
    guest.submit([header(ringPackets.WAIT.opcode, 3), VA.data, 1, ...fence(1)]);
    guest.channel.CONTROL.write(0);
    guest.channel.RING.write(VA.packets);
    guest.channel.CONTROL.write(1);
    guest.write(RAM.data, [1]);
    await rig.settle();
    expect(guest.word(RAM.fence)).toBe(0);
    guest.channel.CONTROL.write(0);
    guest.channel.RING.write(VA.ring);
    guest.channel.CONTROL.write(1);
    await rig.settle();
    expect(guest.word(RAM.fence)).toBe(1);
  });
});

describe('a policy that is wrong', () => {
  const idle = {
    ...{ turnedOn: () => {}, stored: () => {}, flushed: () => {}, submitted: () => {} },
    ...{ save: () => null, load: () => {} },
  };
  const careless: MediationKind = {
    ...{ name: 'careless', traps: 'nothing', passes: () => true, open: () => idle },
  };

  test('has its guest stuck, and no other', async () => {
    const rig = new MediatedHost();
    const stuck = rig.guest({ barRemap: true, shadow: careless });
    const other = rig.guest();
    stuck.submit(fence(1));
    other.submit(fence(1));
    await rig.settle();
    expect(stuck.fault).toBe('NOT_PRESENT');
    expect(stuck.vgpu.pinnedPages).toBe(0);
    expect(other.word(RAM.fence)).toBe(1);
  });

  test('does not give the guest a register that is sensitive', async () => {
    const rig = new MediatedHost();
    const guest = rig.guest({ barRemap: true, shadow: careless });
    guest.channel.CONTROL.write(0);
    guest.channel.CONTROL.write(3);
    expect(guest.channel.CONTROL.read()).toBe(1);
    expect(guest.channel.PAGE_ROOT.read()).toBe(0);
  });

  test('keeps from the guest what might pass: it reads what it has written, and nothing comes of it', async () => {
    const rig = new MediatedHost();
    const shadow: MediationKind = { ...mediations.lazy, passes: () => false };
    const guest = rig.guest({ barRemap: true, shadow });
    expect(guest.channel.RING.read()).toBe(VA.ring);
    guest.submit(fence(1));
    await rig.settle();
    expect(guest.word(RAM.fence)).toBe(0);
    guest.channel.RESET.write(1);
    expect(guest.channel.RING.read()).toBe(0);
  });

  test('has nothing to say of a channel that was reset', async () => {
    const rig = new MediatedHost();
    const places: ShadowPlace[] = [];
    const shadow: MediationKind = {
      ...mediations.lazy,
      open: (place) => {
        places.push(place);
        return mediations.lazy.open(place);
      },
    };
    const guest = rig.guest({ barRemap: true, shadow });
    guest.channel.RESET.write(1);
    expect(guest.vgpu.pinnedPages).toBe(0);
    for (const place of places) {
      place.sync();
      place.follow(1, 0);
      place.settle();
    }
    expect(guest.vgpu.pinnedPages).toBe(0);
    expect(guest.vgpu.hostPages.tables).toBe(0);
  });

  test('is told when it asks for what is no entry of a page', () => {
    const rig = new MediatedHost();
    const shadow: MediationKind = {
      ...careless,
      open: (place) => ({
        ...idle,
        turnedOn: () => {
          place.follow(0, PAGE_BYTES);
        },
      }),
    };
    expect(() => rig.guest({ barRemap: true, shadow })).toThrow('A page has no byte 4096.');
  });
});
