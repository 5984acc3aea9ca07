import { expect, test } from 'vitest';
import { FaultLog } from '../src/fault-log.ts';

test('a record has the layout of the fault recording registers', () => {
  const log = new FaultLog(1, false);
  log.record(0x18, 0x9abc, true, 5);
  // As QEMU's intel-iommu shows it: FI 0x9000; SID 00:03.0; F, T=0 (a write), reason 5.
  expect([...log.save().words]).toEqual([0x9000, 0, 0x18, 0x8000_0005]);
  log.clear();
  log.record(0x0100, 0x12_3456_7000, false, 6);
  expect([...log.save().words]).toEqual([0x3456_7000, 0x12, 0x100, 0xc000_0006]);
});

test('records are read oldest first, also after the ring came round', () => {
  const log = new FaultLog(2, false);
  log.record(1, 0x1000, true, 5);
  log.clear();
  log.record(2, 0x2000, false, 6);
  log.record(3, 0x3000, true, 1);
  expect(log.pending()).toEqual([
    { requester: 2, iova: 0x2000, write: false, reason: 6 },
    { requester: 3, iova: 0x3000, write: true, reason: 1 },
  ]);
});

test('a fault without a free record is lost, and so are all until the log is cleared', () => {
  const log = new FaultLog(1, false);
  log.record(1, 0x1000, true, 5);
  expect(log.overflow).toBe(false);
  log.record(2, 0x2000, true, 5);
  expect(log.overflow).toBe(true);
  expect(log.pending().map(({ requester }) => requester)).toEqual([1]);
  log.clear();
  expect(log.overflow).toBe(false);
  log.record(2, 0x2000, true, 5);
  expect(log.pending().map(({ requester }) => requester)).toEqual([2]);
});

test('with compression a requester has one pending record', () => {
  const log = new FaultLog(2, true);
  log.record(1, 0x1000, true, 5);
  log.record(1, 0x2000, true, 5);
  log.record(2, 0x3000, true, 5);
  log.record(1, 0x4000, true, 5);
  expect(log.pending().map(({ iova }) => iova)).toEqual([0x1000, 0x3000]);
  expect(log.overflow).toBe(false);
});

test('it is plain data', () => {
  const log = new FaultLog(1, false);
  log.record(1, 0x1000, true, 5);
  log.record(1, 0x1000, true, 5);
  const other = new FaultLog(1, false);
  other.load(log.save());
  expect(other.save()).toEqual(log.save());
  expect(other.overflow).toBe(true);
});
