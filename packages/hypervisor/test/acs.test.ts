import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enableAcs, isIsolating } from '../src/acs.ts';
import { newHost } from './hierarchy.ts';
import { FakeFunction } from './fake-function.ts';

const CONTROL = 0x106;

describe('access control services', () => {
  it('pci_enable_acs: are enabled but for translation blocking, where they are', () => {
    const host = newHost();
    const { bridge } = host.addPort(0x08, 'ROOT_PORT', { acs: true });
    expect(isIsolating(bridge, false)).toBe(false);
    enableAcs(bridge);
    expect(bridge.configRead(CONTROL, 2)).toBe(0x1d);
    expect(isIsolating(bridge, false)).toBe(true);
    const without = host.addPort(0x10, 'ROOT_PORT').bridge;
    enableAcs(without);
    expect(without.configRead(CONTROL, 2)).toBe(0);
    expect(isIsolating(without, false)).toBe(false);
  });

  it('pci_acs_flags_enabled: isolate with all four of SV, RR, CR and UF, whatever the others', () => {
    const { bridge } = newHost().addPort(0x08, 'DOWNSTREAM_PORT', { acs: true });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), (control) => {
        bridge.configWrite(CONTROL, 2, control);
        expect(isIsolating(bridge, false)).toBe((control & 0x1d) === 0x1d);
      }),
    );
  });

  it('pci_acs_enabled: are not needed by a device of one function', () => {
    const endpoint = new FakeFunction();
    expect(isIsolating(endpoint, false)).toBe(true);
    expect(isIsolating(endpoint, true)).toBe(false);
  });
});
