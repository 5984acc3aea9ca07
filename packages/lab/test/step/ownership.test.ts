/** Who has each device, at events of recorded runs. */
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { ownershipOf } from '../../src/step/inspect/ownership.ts';
import { playerOf } from '../../src/step/player.ts';
import { StepShell } from '../../src/step/shell.ts';
import { record } from '../../src/trace/record.ts';
import type { RunRecording } from '../../src/trace/recording.ts';
import type { StackState } from '../../src/stacks/stack.ts';
import { testEnvironment } from '../environment.ts';

const profile = profiles.get('kvm-x86')!;
const scene = scenes.get('triangle')!;
const context = { width: 32, height: 32, frames: 2, seed: 1 };
const shared = { scene, context, weight: 1, cap: 0 };

function recorded(stack: string, diesAfterNs?: number): Promise<RunRecording> {
  const [spec] = parseStacks(stack);
  const guests =
    diesAfterNs === undefined
      ? {}
      : {
          guests: [
            { ...shared, name: 'one', diesAfterNs },
            { ...shared, name: 'two' },
          ],
        };
  const request = { spec, profile, scene, context, ...guests };
  return record(request, testEnvironment, { eventsPerCheckpoint: 120 });
}

function owners(state: StackState): readonly string[] {
  return ownershipOf(state).groups.flatMap(({ owner }) => owner ?? []);
}

async function pane(stack: string): Promise<readonly string[]> {
  return (await new StepShell([await recorded(stack)], testEnvironment).run('ownership')).lines;
}

describe('ownership', () => {
  it("native: the group is the kernel's, and not viable", async () => {
    const lines = await pane('native');
    expect(lines.join('\n')).toContain(
      "the kernel's, no file, not viable\n  01:00.0, driver bell\nThere is no guest",
    );
    expect(await pane('native:iommu=off')).toEqual([
      'The IOMMU is off: there are no groups, and VFIO gives nothing away.',
      "There is no guest: processes use the host's drivers.",
    ]);
  });

  it('passthrough: the function is bound to vfio-pci, and all of the RAM is pinned', async () => {
    const text = (await pane('passthrough')).join('\n');
    expect(text).toMatch(/group \d: guest's, \/dev\/vfio\/\d in-use, viable/);
    expect(text).toContain('01:00.0, driver vfio-pci, driver_override vfio-pci, open once');
    expect(text).toMatch(/type1v2, domain \d, 1 mapping of 131072 KiB, 131072 KiB pinned/);
    expect(text).toContain('guest0 00:02.0: a function of the host, by VFIO');
  });

  it('passthrough with an IOMMU of the guest: what is mapped follows the driver', async () => {
    const recording = await recorded('passthrough:viommu=strict');
    const player = playerOf(recording, testEnvironment);
    const pinned = async (event: number): Promise<readonly number[]> =>
      ownershipOf(await player.state(event)).groups.flatMap(({ container }) =>
        container?.iommu === undefined ? [] : [container.iommu.pinnedPages],
      );
    const maps = [...recording.events].filter(({ kind }) => kind === 'dmaMap');
    expect(await pinned(0)).toEqual([0]);
    const [later] = await pinned(maps.at(-1)!.id + 1);
    expect(later).toBeGreaterThan(0);
    expect(await pinned(0)).toEqual([0]);
    expect(await pinned(maps.at(-1)!.id + 1)).toEqual([later]);
  });

  it('sriov: the physical function is the host’s, and its virtual ones are their guests’', async () => {
    const text = (await pane('sriov')).join('\n');
    expect(text).toContain('01:00.0, driver bell');
    expect(text).toMatch(/VF 1 of 01:00\.0, driver vfio-pci, driver_override vfio-pci, open once/);
  });

  it('mdev: a group of its own, pages pinned as the guest has them used', async () => {
    const recording = await recorded('mdev');
    const player = playerOf(recording, testEnvironment);
    const mediated = async (event: number) =>
      ownershipOf(await player.state(event)).groups.find((group) => group.mediated !== undefined)!;
    const end = await mediated(recording.events.count);
    expect((await mediated(0)).container?.iommu?.pinnedPages).toBe(0);
    const middle = await mediated(Math.floor(recording.events.count / 2));
    expect(middle.container?.iommu?.pinnedPages).toBeGreaterThan(0);
    expect(middle.mediated).toMatchObject({ parent: 0x100, handles: 1 });
    expect(end.owner).toBe('guest');
    expect(await pane('mdev')).toContainEqual(expect.stringMatching(/mdev 83b8f4f2.* of 01:00\.0/));
  });

  it('emulated, pv: VFIO gives nothing away', async () => {
    expect((await pane('emulated')).at(-1)).toBe('guest0 00:02.0: a device model in software');
    const pv = (await pane('pv')).join('\n');
    expect(pv).toContain('01:00.0, driver bell');
    expect(pv).toContain('guest0 00:02.0: a virtio device, which a backend of the host serves');
  });

  it.each(['passthrough', 'mdev'])(
    '%s: what a guest had open is closed once it has died, whichever way one comes there',
    { timeout: 20_000 },
    async (stack) => {
      const recording = await recorded(stack, 40_000);
      const { count } = recording.events;
      const player = playerOf(recording, testEnvironment);
      const ownersAt = async (event: number) => owners(await player.state(event));
      expect(await ownersAt(count)).toEqual(['guest1']);
      expect(await ownersAt(20)).toEqual(['guest0', 'guest1']);
      const dead = recording.checkpoints.find(({ state }) => owners(state).length === 1)!;
      expect(await ownersAt(dead.event + 1)).toEqual(['guest1']);
    },
  );
});
