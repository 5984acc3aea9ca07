import { describe, expect, it } from 'vitest';
import { bugs } from '../../src/bugs/index.ts';
import { causeIds, causeRow, type CauseId } from '../../src/explain/causes.ts';
import { explained } from './explained.ts';

/** Of each cause: the clause, the register and the bit that must be named. */
const cited: Readonly<Record<CauseId, readonly [RegExp, string | null, string | null]>> = {
  'queue-not-notified': [/§2\.9|doorbell/, null, null],
  'vector-masked': [/6\.0 §6\.1\.4/, null, null],
  'bus-master-off': [/6\.0 §7\.5\.1\.1\.3/, 'type 0 header.COMMAND', 'BUS_MASTER'],
  'memory-decode-off': [/6\.0 §7\.5\.1\.1\.3/, 'type 0 header.COMMAND', 'MEMORY'],
  'queue-not-enabled': [/§4\.1\.4\.3|CONTROL/, null, null],
  'driver-ok-not-set': [/1\.3 §3\.1\.1/, 'virtio_pci_common_cfg.DEVICE_STATUS', 'DRIVER_OK'],
  'event-index-wrong': [/1\.3 §2\.7\.7/, 'virtq_avail.used_event', null],
  'iommu-mapping-missing': [/VT-d 3\.3 §7\.1\.3/, 'fault record.FR', null],
  'iommu-mapping-read-only': [/VT-d 3\.3 §7\.1\.3/, 'fault record.FR', null],
  'fence-not-submitted': [/FENCE/, 'channel.FENCE', null],
  'stale-doorbell': [/"The doorbell"/, 'doorbell.TAIL', null],
  'group-not-viable': [/vfio\.rst/, null, null],
  'gpu-page-fault': [/"Page tables"/, 'channel.FAULT', 'REASON'],
  'channel-hung': [/HANG/, 'channel.FAULT', 'REASON'],
  'reset-not-finished': [/§4\.1\.4\.3\.2|RESET/, null, null],
  'handler-not-installed': [/msi-howto\.rst/, 'MSI-X table entry.DATA', null],
  'wrong-fence': [/FENCE_ADDRESS/, 'channel.FENCE_ADDRESS', null],
  'register-not-modelled': [/Accesses that mean nothing/, 'bell.ERROR', 'RESERVED'],
};

const all = [...bugs.values()];

/** The longest polls a hundred thousand times; a machine may be busy with other things. */
describe('explain', () => {
  it.each(all.map((bug) => [bug.id, bug] as const))('%s', async (_id, bug) => {
    const { stuck, causes } = await explained({ stack: bug.stacks[0], bug });
    expect(causes.map(({ id }) => id)).toEqual([bug.cause]);
    expect(stuck).toBe(true);
    const [cause] = causes;
    const [clause, register, bit] = cited[bug.cause];
    expect(cause.clause).toMatch(clause);
    expect(cause.mend).toBe(causeRow(bug.cause).mend);
    if (register !== null) {
      expect([cause.register, cause.bit]).toEqual([register, bit]);
    }
    // Only what has no machine yet has no event with which it went wrong.
    expect(cause.step > 0).toBe(bug.cause !== 'group-not-viable');
  });

  // Those whose cause is found in another way than on the first of their stacks.
  it.each([
    ['no-bus-master', 'pv'],
    ['no-memory-decode', 'mdev'],
    ['vector-stays-masked', 'pv'],
    ['vector-stays-masked', 'mdev'],
    ['function-stays-masked', 'passthrough'],
    ['handler-forgotten', 'pv'],
    ['mapping-forgotten', 'passthrough:viommu=strict'],
    ['page-not-mapped', 'mdev'],
    ['kick-lost', 'pv:ring=packed'],
    ['queue-left-off', 'pv:ring=packed'],
    ['doorbell-lost', 'sriov'],
    ['doorbell-stale', 'emulated'],
  ])('%s on %s', async (id, stack) => {
    const bug = bugs.get(id)!;
    expect(bug.stacks).toContain(stack);
    const { causes } = await explained({ stack, bug });
    expect(causes.map((cause) => cause.id)).toEqual([bug.cause]);
  });

  it('is shown by a broken driver for each cause', () => {
    const shown = new Set(all.map(({ cause }) => cause));
    expect(causeIds.filter((id) => !shown.has(id))).toEqual([]);
  });

  it('names the same step each time', async () => {
    const bug = bugs.get('doorbell-stale')!;
    const run = { stack: 'native', bug };
    expect(await explained(run)).toEqual(await explained(run));
  });
});

describe('the error of a run', () => {
  it.each([
    ['doorbell-lost', /^GpuError: bell: the channel stopped/],
    ['doorbell-lost-for-ever', /^Deadlock: All 1 tasks wait at \d+ ns/],
    ['polls-another-part', /^EndlessPoll: The driver polls 0x[0-9a-f]+, which reads 0xffffffff/],
  ])('of %s is kept', async (id, error) => {
    const bug = bugs.get(id)!;
    expect((await explained({ stack: bug.stacks[0], bug })).error).toMatch(error);
  });
});
