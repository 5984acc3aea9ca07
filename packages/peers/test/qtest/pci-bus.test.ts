import { expect, it } from 'vitest';
import { BAR_COUNT, bdf, formatBdf, type0Header } from '@doorbell/abi';
import { interruptLine } from '../../src/qtest/pci-bus.ts';
import type { QtestMachine } from '../../src/qtest/machine.ts';
import { describeWith } from '../needs.ts';
import { withMachine } from './with-machine.ts';

const devices = [
  'edu,addr=3',
  'bochs-display,addr=4',
  'virtio-gpu-pci,addr=5',
  'pcie-root-port,id=root,addr=6,chassis=1',
  'pci-testdev,membar=1G,membar-backed=on,addr=7',
  'pci-testdev,membar=1M,membar-backed=on,addr=8',
];

/** The BAR with the number 6 is the expansion ROM. */
interface Region {
  readonly bar: number;
  readonly type: 'memory' | 'io';
  readonly address: number;
  readonly size: number;
  readonly prefetch?: boolean;
}

interface PciInfo {
  readonly slot: number;
  readonly function: number;
  readonly id: { readonly vendor: number; readonly device: number };
  readonly regions: readonly Region[];
}

/** What QEMU says of bus 0. */
async function queryPci({ qmp }: QtestMachine): Promise<readonly PciInfo[]> {
  const buses = (await qmp.execute('query-pci')) as readonly { devices: readonly PciInfo[] }[];
  return buses[0].devices;
}

describeWith(['qemu'], 'the PCI bus', () => {
  it('has the functions that QEMU says it has', async () => {
    await withMachine({ devices }, async (machine) => {
      const theirs = await queryPci(machine);
      const names = theirs.map(({ slot, function: fn }) => formatBdf(bdf(0, slot, fn)));
      expect(machine.functions.map(formatBdf).sort()).toEqual(names.sort());
      for (const { slot, function: fn, id } of theirs) {
        const { config } = machine.device(bdf(0, slot, fn));
        const both = config.read(type0Header.rows.VENDOR_ID.offset, 4);
        expect(both).toBe(id.vendor + id.device * 65536);
      }
    });
  });

  it('gives each memory BAR a place of its own, of the size that QEMU says', async () => {
    await withMachine({ devices }, async (machine) => {
      for (const at of machine.functions) {
        const { config } = machine.device(at);
        expect(config.read(type0Header.rows.COMMAND.offset, 2) & 7).toBe(0);
        config.write(type0Header.rows.COMMAND.offset, 2, 2);
      }
      const ranges: { from: number; to: number }[] = [];
      for (const { slot, function: fn, regions } of await queryPci(machine)) {
        const device = machine.device(bdf(0, slot, fn));
        const theirs = regions.filter(({ type, bar }) => type === 'memory' && bar < BAR_COUNT);
        for (const { bar, address, size } of theirs) {
          expect(device.mapBar(bar).size).toBe(size);
          expect(address).toBeGreaterThanOrEqual(0xe0000000);
          ranges.push({ from: address, to: address + size });
        }
        const present = theirs.map(({ bar }) => bar);
        for (const bar of [0, 1, 2, 3, 4, 5].filter((index) => !present.includes(index))) {
          expect(() => device.mapBar(bar)).toThrow(RangeError);
        }
      }
      ranges.sort((a, b) => a.from - b.from);
      expect(ranges.length).toBeGreaterThan(10);
      expect(ranges.some(({ from }) => from >= 2 ** 32)).toBe(true);
      ranges.slice(1).forEach(({ from }, index) => {
        expect(from).toBeGreaterThanOrEqual(ranges[index].to);
      });
    });
  });

  it('reaches a 64-bit BAR above 4 GiB', async () => {
    await withMachine({ devices }, async (machine) => {
      const device = machine.device(bdf(0, 7, 0));
      device.config.write(type0Header.rows.COMMAND.offset, 2, 2);
      const memory = device.mapBar(2);
      memory.write(memory.size - 4, 4, 0x12345678);
      expect(memory.read(memory.size - 4, 4)).toBe(0x12345678);
    });
  });

  it('reaches all 4096 bytes of configuration space', async () => {
    await withMachine({ devices }, async (machine) => {
      const { config } = machine.device(bdf(0, 6, 0));
      // The root port's first extended capability: advanced error reporting (PCIe 6.0 §7.8.4).
      expect(config.read(0x100, 2)).toBe(1);
      expect(config.read(4092, 4)).toBe(0);
      expect(() => config.read(4096, 4)).toThrow(RangeError);
      expect(() => config.read(2, 4)).toThrow(RangeError);
    });
  });

  it('refuses functions that are not there', async () => {
    await withMachine({ devices: [] }, async (machine) => {
      expect(() => machine.device(bdf(0, 9, 0))).toThrow('No function answers at 00:09.0.');
    });
  });

  it('knows where INTx of a device goes', () => {
    const config = (pin: number) => ({ read: () => pin, write: () => {} });
    expect(interruptLine(bdf(0, 3, 0), config(1))).toBe(23);
    expect(interruptLine(bdf(0, 4, 0), config(1))).toBe(20);
    expect(interruptLine(bdf(0, 4, 0), config(3))).toBe(22);
    expect(interruptLine(bdf(0, 4, 0), config(0))).toBe(undefined);
    expect(interruptLine(bdf(0, 31, 0), config(1))).toBe(undefined);
  });
});
