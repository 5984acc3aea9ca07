import { encodeTlpHeader } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { busMapOf, tlpsOf, TlpSummer } from '../../src/tlp/index.ts';
import { tracedRun } from '../traced-run.ts';

it('is what its packets are, by type and direction', async () => {
  const { host } = await tracedRun('native');
  const tlps = [...tlpsOf(host.machine.tracer, busMapOf(host))];
  const summer = new TlpSummer();
  tlps.forEach((tlp) => {
    summer.add(tlp);
  });
  const { rows, total, payloadShare } = summer.summary();
  expect(total.packets).toBe(tlps.length);
  for (const { type, direction, packets, payloadBytes } of rows) {
    const same = tlps.filter((tlp) => tlp.header.type === type && tlp.direction === direction);
    expect(packets).toBe(same.length);
    expect(payloadBytes).toBe(same.reduce((sum, { payload }) => sum + payload, 0));
  }
  const link = tlps.reduce((sum, { header }) => {
    const carries = header.type === 'CplD' || header.type === 'MWr' || header.type === 'CfgWr0';
    return sum + encodeTlpHeader(header).length + (carries ? header.length * 4 : 0) + 8;
  }, 0);
  expect(total.payloadBytes + total.headerBytes + total.framingBytes).toBe(link);
  expect(payloadShare).toBeCloseTo(total.payloadBytes / link);
});

it('of nothing is nothing', () => {
  expect(new TlpSummer().summary()).toEqual({
    rows: [],
    total: { packets: 0, payloadBytes: 0, headerBytes: 0, framingBytes: 0 },
    payloadShare: 0,
  });
});
