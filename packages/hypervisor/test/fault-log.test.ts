import { expect, test } from 'vitest';
import { FaultLog } from '../src/fault-log.ts';

test('a record has the layout of the fault recording registers', () => {
  const log = new FaultLog();
  log.record(0x18, 0x9abc, true, 5);
  // As QEMU's intel-iommu shows it: FI 0x9000; SID 00:03.0; F, T=0 (a write), reason 5.
  log.record(0x0100, 0x12_3456_7000, false, 6);
  expect([...log.save().words.subarray(0, 8)]).toEqual([
    ...[0x9000, 0, 0x18, 0x8000_0005],
    ...[0x3456_7000, 0x12, 0x100, 0xc000_0006],
  ]);
});

test('records are read oldest first, also after the ring came round', () => {
  const log = new FaultLog();
  for (let page = 0; page < 7; page++) {
    log.record(1, page * 0x1000, true, 5);
  }
  log.clear();
  log.record(2, 0x2000, false, 6);
  log.record(3, 0x3000, true, 1);
  expect(log.pending()).toEqual([
    { requester: 2, iova: 0x2000, write: false, reason: 6 },
    { requester: 3, iova: 0x3000, write: true, reason: 1 },
  ]);
});

test('a fault without a free record is lost, and so are all until the log is cleared', () => {
  const log = new FaultLog();
  for (let requester = 1; requester <= 8; requester++) {
    log.record(requester, 0x1000, true, 5);
  }
  expect(log.overflow).toBe(false);
  log.record(9, 0x2000, true, 5);
  log.record(10, 0x2000, true, 5);
  expect(log.overflow).toBe(true);
  expect(log.pending().map(({ requester }) => requester)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  log.clear();
  expect(log.pending()).toEqual([]);
  expect(log.overflow).toBe(false);
  log.record(2, 0x2000, true, 5);
  expect(log.pending().map(({ requester }) => requester)).toEqual([2]);
});

test('it is plain data', () => {
  const log = new FaultLog();
  for (let count = 0; count < 9; count++) {
    log.record(1, 0x1000, true, 5);
  }
  const other = new FaultLog();
  other.load(log.save());
  expect(other.save()).toEqual(log.save());
  expect(other.overflow).toBe(true);
});
