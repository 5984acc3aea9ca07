import { EngineLedger, schedulers } from '@doorbell/hypervisor';
import { expect, it } from 'vitest';
import { watchWaits } from './longest-waits.ts';

it('knows from waking to the engines, and from packet to packet, and forgets who sleeps', () => {
  const tenants = [
    { weight: 1, cap: 0 },
    { weight: 1, cap: 0 },
  ];
  const arbiter = schedulers.get('round-robin')!.make(tenants, { sliceNs: 1000 });
  const ledger = new EngineLedger(arbiter, 2);
  const [first, second] = watchWaits({ ledger }, 2);
  ledger.join(0, 0);
  ledger.join(1, 0);
  ledger.wake(0, 100);
  ledger.wake(1, 150);
  ledger.ran(0, 300, 400); // from 100
  expect(first).toEqual({ waitNs: 0, packetNs: 300 });
  ledger.ran(1, 50, 500); // from 450: 300 after it woke
  expect(second).toEqual({ waitNs: 300, packetNs: 50 });
  ledger.ran(0, 100, 1000); // from 900: 500 after its last packet
  expect(first).toEqual({ waitNs: 500, packetNs: 300 });
  ledger.sleep(1, 1000);
  ledger.wake(1, 9000);
  ledger.ran(1, 10, 9010);
  expect(second.waitNs).toBe(300);
  expect(ledger.useOf(0).busyNs).toBe(400);
});

it('counts no wait that only a CPU which runs ahead has made of it', () => {
  const tenants = [{ weight: 1, cap: 0 }];
  const arbiter = schedulers.get('round-robin')!.make(tenants, { sliceNs: 1000 });
  const ledger = new EngineLedger(arbiter, 1);
  const machine = { now: 0 };
  const [only] = watchWaits({ ledger }, 1, machine);
  ledger.join(0, 0);
  machine.now = 100;
  ledger.wake(0, 100);
  machine.now = 150;
  ledger.ran(0, 50, 90_000); // the ledger has heard of somebody at 90,000
  expect(only.waitNs).toBe(0);
  machine.now = 450;
  ledger.ran(0, 50, 90_300);
  expect(only.waitNs).toBe(250);
});
