import { bdf, formatBdf } from '@doorbell/abi';
import { Audio } from '@doorbell/device-model';
import { describe, expect, it } from 'vitest';
import { hostWith, newHost, type Plugged } from './hierarchy.ts';

const endpoint: Plugged = { at: [0, 0], kind: 'endpoint' };
const port = (device: number, behind: readonly Plugged[]): Plugged => ({
  at: [device, 0],
  kind: 'ROOT_PORT',
  acs: true,
  behind,
});
const downstream = (device: number, behind: readonly Plugged[]): Plugged => ({
  at: [device, 0],
  kind: 'DOWNSTREAM_PORT',
  behind,
});
/** 00:02.0 ─ 01:00.0 ─ 02:00.0 ─ 03:00.0 and ─ 02:01.0 ─ (bus 4); 00:05.0 ─ 05:00.0. */
const deep: readonly Plugged[] = [
  port(5, [endpoint]),
  port(2, [
    {
      at: [0, 0],
      kind: 'UPSTREAM_PORT',
      behind: [downstream(0, [endpoint]), downstream(1, [])],
    },
  ]),
];

describe('firmware', () => {
  it('numbers buses depth first, in order of device and not of plugging in', () => {
    const { topology } = hostWith(deep);
    const functions = topology.functions();
    expect(functions.map(formatBdf)).toEqual([
      ...['00:02.0', '00:05.0', '01:00.0', '02:00.0', '02:01.0', '03:00.0', '05:00.0'],
    ]);
    const buses = functions.map((at) => topology.endpoint(at).configRead(0x18, 4) & 0xffffff);
    expect(buses.map((value) => value.toString(16).padStart(6, '0'))).toEqual([
      ...['040100', '050500', '040201', '030302', '040402', '000000', '000000'],
    ]);
  });

  it('gives each BAR a place inside the windows of all bridges above, and none to others', () => {
    const host = hostWith(deep);
    const window = (at: number): [number, number] => {
      const value = host.topology.endpoint(at).configRead(0x20, 4);
      return [(value & 0xfff0) * 0x10000, (value >>> 20) * 0x100000 + 0x100000];
    };
    const { address, size } = host.bus.barAddress(bdf(3, 0, 0), 0);
    expect(size).toBe(0x4000);
    for (const at of [bdf(0, 2, 0), bdf(1, 0, 0), bdf(2, 0, 0)]) {
      expect(window(at)[0]).toBeLessThanOrEqual(address);
      expect(window(at)[1]).toBeGreaterThanOrEqual(address + size);
    }
    const [base, end] = window(bdf(2, 1, 0));
    expect(end).toBeLessThanOrEqual(base);
    expect(window(bdf(0, 5, 0))[0]).toBeGreaterThanOrEqual(window(bdf(0, 2, 0))[1]);
  });

  it('lets bridges decode and master, but no endpoint', () => {
    const { topology } = hostWith(deep);
    expect(topology.functions().map((at) => topology.endpoint(at).configRead(4, 2))).toEqual([
      ...[6, 6, 6, 6, 6, 0, 0],
    ]);
  });

  it('does not find function 1 of a device whose function 0 denies it', () => {
    const host = newHost();
    host.plug(bdf(0, 3, 0), (ports) => new Audio(ports));
    host.plug(bdf(0, 3, 1), (ports) => new Audio(ports));
    expect(() => {
      host.enumerate();
    }).toThrow('Function 03.1 is not found');
  });

  it('refuses what has no place', () => {
    const host = newHost();
    const root = host.addPort(bdf(0, 1, 0), 'ROOT_PORT');
    expect(() => host.addPort(bdf(0, 1, 0), 'ROOT_PORT')).toThrow('plugged in at 01.0');
    expect(() => root.plug(bdf(0, 1, 0), (ports) => new Audio(ports))).toThrow('a device 0 only');
    expect(() => host.plug(bdf(1, 0, 0), (ports) => new Audio(ports))).toThrow(RangeError);
  });
});
