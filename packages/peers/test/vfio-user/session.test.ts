import { closeSync, openSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Libc, loadLibc } from '../../src/native/libc.ts';
import type { ModelChoice } from '../../src/pci-device/model.ts';
import {
  vfioDeviceInfo,
  vfioIrqInfo,
  vfioRegionInfo,
  vfioUserWriteMulti,
  vfioUserSingleWrite,
} from '../../src/vfio-user/messages.ts';
import { type Answer, Session } from '../../src/vfio-user/session.ts';
import { describeWith } from '../needs.ts';
import {
  command,
  dmaMap,
  dmaUnmap,
  regionRead,
  regionWrite,
  setIrqs,
  version,
} from './client-messages.ts';

const CONFIG = 7;
/** edu's registers, as QEMU's docs/specs/edu.rst has them. */
const edu = { LIVENESS: 4, RAISE: 0x60, SOURCE: 0x80, DESTINATION: 0x88, COUNT: 0x90, RUN: 0x98 };
const bytesOf = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];

describeWith(['koffi'], 'a session', () => {
  let libc: Libc;
  let session: Session;

  const perform = (which: number, payload: Uint8Array, descriptors: number[] = []): Answer =>
    session.perform({ id: 1, command: which, flags: 0, payload, descriptors });
  const write = (region: number, offset: number, data: readonly number[]): void => {
    perform(command.REGION_WRITE, regionWrite(region, offset, data)).then?.();
  };
  const read = (region: number, offset: number, count: number): number[] => [
    ...perform(command.REGION_READ, regionRead(region, offset, count)).payload.subarray(16),
  ];
  const start = (choice: ModelChoice, maps = true): void => {
    session = new Session(libc, choice, maps);
    perform(command.VERSION, version);
    write(CONFIG, 4, [6, 0]);
  };

  beforeEach(async () => {
    libc = await loadLibc();
  });

  afterEach(() => {
    session.close();
  });

  it('wants the version first, and once', () => {
    session = new Session(libc, { kind: 'edu' }, true);
    expect(() => perform(command.DEVICE_RESET, new Uint8Array(0))).toThrow('VERSION is the first');
    perform(command.VERSION, version);
    expect(() => perform(command.VERSION, version)).toThrow('VERSION is the first');
  });

  it('tells what the device is', () => {
    start({ kind: 'edu' });
    const query = new Uint8Array(vfioDeviceInfo.size);
    const info = vfioDeviceInfo.decode(perform(command.DEVICE_GET_INFO, query).payload);
    expect(info).toEqual({ argsz: 16, flags: 3, regions: 9, irqs: 5 });
    const irq = vfioIrqInfo.encode({ argsz: 16, flags: 0, index: 1, count: 0 });
    const { payload } = perform(command.DEVICE_GET_IRQ_INFO, irq);
    expect(vfioIrqInfo.decode(payload)).toEqual({ argsz: 16, flags: 9, index: 1, count: 1 });
  });

  it('tells its regions, and hands out the memory of one of pure memory', () => {
    start({ kind: 'bochs-display', width: 320, height: 240 });
    const regions = Array.from({ length: 9 }, (_, index) => {
      const none = { argsz: 32, flags: 0, capOffset: 0, size: 0, offset: 0 };
      const answer = perform(
        command.DEVICE_GET_REGION_INFO,
        vfioRegionInfo.encode({ ...none, index }),
      );
      const { flags, size } = vfioRegionInfo.decode(answer.payload);
      return [flags, size, answer.descriptor !== undefined];
    });
    const none = [0, 0, false];
    expect(regions).toEqual([
      [7, 16 << 20, true],
      none,
      [3, 4096, false],
      ...[none, none, none, none],
      [3, 256, false],
      none,
    ]);
  });

  it('shows the memory that the client has mapped in what the device shows', () => {
    start({ kind: 'bochs-display', width: 320, height: 240 });
    const query = vfioRegionInfo.encode({
      ...{ argsz: 32, flags: 0, index: 0, capOffset: 0, size: 0, offset: 0 },
    });
    const { descriptor } = perform(command.DEVICE_GET_REGION_INFO, query);
    const memory = libc.map(descriptor!, 0, 16 << 20);
    for (const [index, value] of [
      [1, 64],
      [2, 64],
      [3, 32],
      [4, 0x41],
    ]) {
      write(2, 0x500 + 2 * index, [value, 0]);
    }
    new Uint8Array(memory).set([3, 2, 1, 0]);
    write(0, 4, [6, 5, 4, 0]);
    expect([...session.picture()!.pixels.subarray(0, 8)]).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
    expect([...new Uint8Array(memory, 4, 4)]).toEqual([6, 5, 4, 0]);
    libc.unmap(memory);
  });

  it('replies to a write before the device acts', () => {
    start({ kind: 'edu' });
    const { payload, then } = perform(
      command.REGION_WRITE,
      regionWrite(0, edu.LIVENESS, [0x0f, 0, 0, 0]),
    );
    expect([...payload]).toEqual([4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0]);
    expect(read(0, edu.LIVENESS, 4)).toEqual([0, 0, 0, 0]);
    then?.();
    expect(read(0, edu.LIVENESS, 4)).toEqual([0xf0, 0xff, 0xff, 0xff]);
  });

  it('does many writes in their order', () => {
    start({ kind: 'edu' });
    const writes = [1, 2].map((value) =>
      vfioUserSingleWrite.encode({
        ...{ region: 0, offset: edu.LIVENESS, count: 4 },
        data: Uint8Array.of(value, 0, 0, 0, 9, 9, 9, 9),
      }),
    );
    const payload = Buffer.concat([vfioUserWriteMulti.encode({ count: 2 }), ...writes]);
    const answer = perform(command.REGION_WRITE_MULTI, payload);
    expect([...answer.payload]).toEqual([2, 0, 0, 0, 0, 0, 0, 0]);
    answer.then?.();
    expect(read(0, edu.LIVENESS, 1)).toEqual([0]); // edu knows 4 bytes only
    expect(read(0, edu.LIVENESS, 4)).toEqual([0xfd, 0xff, 0xff, 0xff]);
  });

  it('signals the eventfd that the client sent', () => {
    start({ kind: 'edu' });
    const eventfd = libc.eventfd();
    perform(command.DEVICE_SET_IRQS, setIrqs(0x24, 1, 0, 1), [eventfd]);
    write(CONFIG, 0x42, [1, 0]);
    expect(libc.drain(eventfd)).toBe(false);
    write(0, edu.RAISE, bytesOf(1));
    expect(libc.drain(eventfd)).toBe(true);
  });

  it("moves bytes in the client's memory, and none once it is unmapped", async () => {
    start({ kind: 'edu' });
    const file = libc.memfd(4096);
    const memory = libc.map(file, 0, 4096);
    new Uint8Array(memory).set([1, 2, 3, 4]);
    perform(command.DMA_MAP, dmaMap(0x8000, 4096), [file]);
    const transfer = async (from: number, to: number, run: number): Promise<void> => {
      write(0, edu.SOURCE, bytesOf(from));
      write(0, edu.DESTINATION, bytesOf(to));
      write(0, edu.COUNT, bytesOf(4));
      write(0, edu.RUN, bytesOf(run));
      await vi.waitFor(() => {
        session.device.runTimers();
        expect(read(0, edu.RUN, 4)[0] & 1).toBe(0);
      }, 60_000);
    };
    await transfer(0x8000, 0x40000, 1);
    await transfer(0x40000, 0x8100, 3);
    expect([...new Uint8Array(memory, 0x100, 4)]).toEqual([1, 2, 3, 4]);
    perform(command.DMA_UNMAP, dmaUnmap(0x8000, 4096));
    await transfer(0x40000, 0x8200, 3);
    expect([...new Uint8Array(memory, 0x200, 4)]).toEqual([0, 0, 0, 0]);
    expect(session.dma.refused).toBe(1);
    libc.unmap(memory);
  });

  it('is as at first after DEVICE_RESET', () => {
    start({ kind: 'edu' });
    write(0, edu.LIVENESS, bytesOf(1));
    perform(command.DEVICE_RESET, new Uint8Array(0));
    expect(read(CONFIG, 4, 2)).toEqual([0, 0]);
    write(CONFIG, 4, [6, 0]);
    expect(read(0, edu.LIVENESS, 4)).toEqual([0, 0, 0, 0]);
  });

  describe('with a hostile client', () => {
    beforeEach(() => start({ kind: 'edu' }));

    it.each([
      ['a region that there is not', regionRead(9, 0, 4), 'There is no region 9'],
      ['a region without bytes', regionRead(6, 0, 1), 'Region 6 has no 1 bytes'],
      ['a read beyond the end', regionRead(CONFIG, 253, 4), 'no 4 bytes at 253'],
      [
        'a read at 2^64 - 1',
        Uint8Array.from([...Array<number>(8).fill(255), 0, 0, 0, 0, 4, 0, 0, 0]),
        'no 4 bytes',
      ],
      ['no bytes', regionRead(0, 0, 0), 'no 0 bytes'],
      ['more than was agreed', regionRead(0, 0, 0x10001), 'no 65537 bytes'],
    ])('refuses %s', (_, payload, message) => {
      expect(() => perform(command.REGION_READ, payload)).toThrow(message);
    });

    it.each([
      ['REGION_READ', command.REGION_READ, new Uint8Array(15), '15 bytes'],
      ['REGION_WRITE', command.REGION_WRITE, regionWrite(0, 0, [1, 2]).subarray(0, 17), 'has 17'],
      ['REGION_WRITE', command.REGION_WRITE, new Uint8Array(3), 'has 3'],
      ['WRITE_MULTI', command.REGION_WRITE_MULTI, new Uint8Array(0), 'has 0'],
      [
        'WRITE_MULTI',
        command.REGION_WRITE_MULTI,
        vfioUserWriteMulti.encode({ count: 2 ** 60 }),
        'has 8',
      ],
      ['DMA_MAP', command.DMA_MAP, new Uint8Array(31), '31 bytes'],
      ['DMA_UNMAP', command.DMA_UNMAP, new Uint8Array(25), '25 bytes'],
      ['GET_INFO', command.DEVICE_GET_INFO, new Uint8Array(0), '0 bytes'],
      ['REGION_INFO', command.DEVICE_GET_REGION_INFO, new Uint8Array(16), '16 bytes'],
      ['IRQ_INFO', command.DEVICE_GET_IRQ_INFO, new Uint8Array(17), '17 bytes'],
      ['SET_IRQS', command.DEVICE_SET_IRQS, new Uint8Array(19), '19 bytes'],
      ['SET_IRQS', command.DEVICE_SET_IRQS, setIrqs(0x22, 1, 0, 0xffffffff), '4294967295'],
    ])('ends with a %s of the wrong size', (_, which, payload, message) => {
      expect(() => perform(which, payload)).toThrow(
        expect.objectContaining({
          name: 'ProtocolViolation',
          message: expect.stringContaining(message),
        }),
      );
    });

    it('does none of many writes when one cannot be', () => {
      const writes = [
        { region: 0, offset: edu.LIVENESS, count: 4, data: new Uint8Array(8) },
        { region: 0, offset: 1 << 20, count: 4, data: new Uint8Array(8) },
      ].map((each) => vfioUserSingleWrite.encode(each));
      const payload = Buffer.concat([vfioUserWriteMulti.encode({ count: 2 }), ...writes]);
      expect(() => perform(command.REGION_WRITE_MULTI, payload)).toThrow('no 4 bytes at 1048576');
      expect(read(0, edu.LIVENESS, 4)).toEqual([0, 0, 0, 0]);
    });

    it('takes no descriptor that is no eventfd, and none for a command without any', () => {
      const file = openSync('/dev/null', 'w');
      const irqs = setIrqs(0x24, 1, 0, 1);
      expect(() => perform(command.DEVICE_SET_IRQS, irqs, [file])).toThrow('no eventfd');
      expect(() => perform(command.DEVICE_RESET, new Uint8Array(0), [file])).toThrow('takes none');
      expect(() => perform(command.DMA_MAP, dmaMap(0, 4096), [file, file])).toThrow(
        '2 descriptors',
      );
      closeSync(file);
    });

    it('maps nothing that the file has not', () => {
      const file = libc.memfd(4096);
      for (const payload of [dmaMap(0, 8192), dmaMap(0, 4096, 3, 4096), dmaMap(0, 2 ** 52)]) {
        const code = expect.objectContaining({ code: 'EINVAL' });
        expect(() => perform(command.DMA_MAP, payload, [file])).toThrow(code);
      }
      libc.close(file);
    });

    it('refuses commands that are not done here', () => {
      for (const which of [0, 6, 11, 14, 16, 999]) {
        expect(() => perform(which, new Uint8Array(0))).toThrow(`Command ${which}`);
      }
    });
  });
});
