import { type0Header, virtioPciCap64, virtioPciCaps } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import { pciTransport } from '../src/index.ts';
import { TestFunction } from '../testing/test-function.ts';

const setup = { size: 8, descriptors: 0x1_2345_6000, driver: 0x7000, device: 0x8000 };
const { COMMAND, DEVICE_ID } = type0Header.rows;

describe('virtio over PCI', () => {
  test('4.1.4.1: takes the first structure of each kind, and ignores reserved kinds and BARs', async () => {
    const fn = new TestFunction(3);
    const transport = pciTransport(fn.port);
    expect(transport.deviceId).toBe(16);
    expect(await transport.maxQueueSize(0)).toBe(64);
    expect(await transport.maxQueueSize(2)).toBe(0);
  });

  test('4.1.2: refuses another vendor, a transitional id, and a function that lacks a structure', () => {
    const other = new TestFunction(3);
    other.config.write(0, 2, 0x1234);
    expect(() => pciTransport(other.port)).toThrow(/1234:1050/);
    const old = new TestFunction(3);
    old.config.write(DEVICE_ID.offset, 2, 0x1010);
    expect(() => pciTransport(old.port)).toThrow(/virtio device of version 1/);
    const without = TestFunction.structures.filter(({ kind }) => kind !== virtioPciCaps.ISR);
    const poor = new TestFunction(3, without);
    expect(() => pciTransport(poor.port)).toThrow(/lacks a virtio structure/);
    expect(poor.config.read(COMMAND.offset, 2)).toBe(0);
    const beyond = [{ kind: virtioPciCaps.COMMON, bar: 4, offset: 0x3fff, length: 0x1000 }];
    expect(() => pciTransport(new TestFunction(3, beyond).port)).toThrow(/lacks/);
  });

  test('4.1.4.3.2: waits until the device reads 0 after a reset', async () => {
    const fn = new TestFunction(3);
    await pciTransport(fn.port).writeStatus(0);
    expect(fn.clock.now()).toBe(30_000);
    fn.looksToReset = Infinity;
    await expect(pciTransport(fn.port).writeStatus(0)).rejects.toThrow(/come out of its reset/);
  });

  test('4.1.4.3: reads and writes features by halves', async () => {
    const fn = new TestFunction(3);
    const transport = pciTransport(fn.port);
    expect(await transport.deviceFeatures()).toBe(0x1_30000003n);
    await transport.setDriverFeatures(0x1_20000001n);
    expect(fn.features).toEqual([
      [0, 0x20000001],
      [1, 1],
    ]);
  });

  test('4.1.4.3.2: enables a queue last, when all else of it is set', async () => {
    const fn = new TestFunction(3);
    await pciTransport(fn.port).enableQueue(1, setup, () => {});
    expect(fn.writes).toEqual([
      'QUEUE_SELECT 1',
      'QUEUE_SIZE 8',
      'QUEUE_MSIX_VECTOR 2',
      'QUEUE_DESC_LO 591749120',
      'QUEUE_DESC_HI 1',
      'QUEUE_DRIVER_LO 28672',
      'QUEUE_DRIVER_HI 0',
      'QUEUE_DEVICE_LO 32768',
      'QUEUE_DEVICE_HI 0',
      'QUEUE_ENABLE 1',
    ]);
  });

  test('4.1.4.4: notifies a queue where the device says, with its index, by 16 bits', async () => {
    const fn = new TestFunction(3);
    const transport = pciTransport(fn.port);
    await transport.enableQueue(1, setup, () => {});
    transport.notify(1);
    expect(fn.notified).toEqual([[4, 2, 1]]);
    fn.notifyOff = 0x1000;
    await expect(transport.enableQueue(1, setup, () => {})).rejects.toThrow(/beyond/);
  });

  test('2.5.1: reads a configuration of one generation', async () => {
    const fn = new TestFunction(3);
    const transport = pciTransport(fn.port);
    fn.deviceConfig.write(8, 4, 0x0403_0201);
    fn.generations = 2;
    expect(await transport.readConfig(8, 5)).toEqual(Uint8Array.of(1, 2, 3, 4, 0));
    fn.generations = Infinity;
    const read = transport.readConfig(8, 4);
    fn.generations = 1e9;
    await expect(read).resolves.toHaveLength(4);
    await expect(transport.readConfig(0, 4)).rejects.toThrow(/never stands still/);
    await expect(transport.readConfig(0xfe, 4)).rejects.toThrow(/no 4 bytes/);
  });

  test('4.1.5.1.2: a vector for the configuration and one for each queue', async () => {
    const fn = new TestFunction(3);
    const transport = pciTransport(fn.port);
    const seen: string[] = [];
    transport.onConfigChange(() => seen.push('config'));
    await transport.enableQueue(0, setup, () => seen.push('0'));
    await transport.enableQueue(1, setup, () => seen.push('1'));
    [0, 1, 2].forEach((vector) => {
      fn.signal(vector);
    });
    expect(seen).toEqual(['config', '0', '1']);
    expect(fn.config.read(fn.msix + 2, 2) & 0xc000).toBe(0x8000);
  });

  test.each([
    [2, 1],
    [1, 0],
  ])('with %i vectors queues share vector %i', async (vectors, shared) => {
    const fn = new TestFunction(vectors);
    const transport = pciTransport(fn.port);
    const seen: string[] = [];
    transport.onConfigChange(() => seen.push('config'));
    await transport.enableQueue(0, setup, () => seen.push('0'));
    await transport.enableQueue(1, setup, () => seen.push('1'));
    fn.signal(shared);
    expect(seen).toEqual([...(shared === 0 ? ['config'] : []), '0', '1']);
  });

  test('4.1.5.1.2.2: notices that the device refuses a vector', async () => {
    const fn = new TestFunction(3);
    fn.vectorLimit = 1;
    await expect(pciTransport(fn.port).enableQueue(0, setup, () => {})).rejects.toThrow(/vector 1/);
  });

  test('4.1.5.4: without MSI-X, ISR tells what the line is for', async () => {
    const fn = new TestFunction(0);
    const transport = pciTransport(fn.port);
    const seen: string[] = [];
    transport.onConfigChange(() => seen.push('config'));
    await transport.enableQueue(0, setup, () => seen.push('0'));
    for (const isr of [0, 1, 2, 3]) {
      fn.isr = isr;
      fn.line?.();
    }
    expect(seen).toEqual(['0', 'config', 'config', '0']);
    transport.release();
    expect(fn.line).toBeUndefined();
  });

  test('a reset takes the vectors back, and release everything', async () => {
    const fn = new TestFunction(3);
    const transport = pciTransport(fn.port);
    for (let round = 0; round < 2; round++) {
      transport.onConfigChange(() => {});
      await transport.enableQueue(0, setup, () => {});
      expect(fn.handlers.size).toBe(2);
      await transport.writeStatus(0);
      expect(fn.handlers.size).toBe(0);
    }
    await transport.enableQueue(0, setup, () => {});
    transport.release();
    expect(fn.handlers.size).toBe(0);
    expect(fn.config.read(COMMAND.offset, 2)).toBe(0);
    expect(fn.config.read(fn.msix + 2, 2) & 0x8000).toBe(0);
  });

  /** Puts the capability of a shared memory region before all others. */
  function withShared(fields: object): TestFunction {
    const fn = new TestFunction(5);
    const { CAPABILITIES } = type0Header.rows;
    const first = fn.config.read(CAPABILITIES.offset, 1);
    const at = 0xe0;
    const cap = { cap_vndr: 9, cap_next: first, cap_len: 24, cfg_type: 8, bar: 1, id: 1 };
    const where = { padding: 0, offset: 0x400, length: 0x800, offset_hi: 0, length_hi: 0 };
    const bytes = new Uint8Array(fn.config.bytes.buffer, at, 24);
    virtioPciCap64.encode({ ...cap, ...where, ...fields }, bytes);
    fn.config.write(CAPABILITIES.offset, 1, at);
    return fn;
  }

  test('2.10 and 4.1.4.7: finds a shared memory region by its id', () => {
    const fn = withShared({});
    const transport = pciTransport(fn.port);
    expect(transport.sharedMemory?.(1)).toEqual({ mmio: fn.table, base: 0x400, bytes: 0x800 });
    expect(transport.sharedMemory?.(0)).toBeUndefined();
    expect(pciTransport(new TestFunction(3).port).sharedMemory?.(1)).toBeUndefined();
  });

  test.each([
    ['ends beyond its BAR', { length: 0xc01 }],
    ['begins beyond it', { offset_hi: 1 }],
    ['is longer than any', { length_hi: 1 }],
    ['is empty', { length: 0 }],
    ['is in a reserved BAR', { bar: 6 }],
  ])('4.1.4.7: takes no region that %s', (_, fields) => {
    expect(pciTransport(withShared(fields).port).sharedMemory?.(1)).toBeUndefined();
  });

  test('has vectors run handlers that are of no queue, until a reset', async () => {
    const fn = new TestFunction(5);
    const transport = pciTransport(fn.port);
    let runs = 0;
    expect(transport.handleVector?.(4, () => runs++)).toBe(true);
    expect(transport.handleVector?.(5, () => runs++)).toBe(false);
    for (const handler of fn.handlers.values()) {
      handler();
    }
    expect(runs).toBe(1);
    await transport.writeStatus(0);
    expect(fn.handlers.size).toBe(0);
    expect(pciTransport(new TestFunction(0).port).handleVector?.(0, () => {})).toBe(false);
  });
});
