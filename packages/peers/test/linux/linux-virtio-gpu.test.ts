import type { TraceEvent } from '@doorbell/hypervisor';
import { expect, it } from 'vitest';
import { linuxVirtioGpu } from '../../src/programs/linux-virtio-gpu.ts';
import { runPeer } from '../../src/run.ts';
import { PeerRecorder } from '../../src/trace/peer-recorder.ts';
import { describeWith } from '../needs.ts';
import { plainSurroundings } from './plain-surroundings.ts';

/** What Linux must send to show anything, in this order. */
const inOrder = [
  ...['GET_DISPLAY_INFO', 'RESOURCE_CREATE_2D', 'RESOURCE_ATTACH_BACKING'],
  ...['SET_SCANOUT', 'TRANSFER_TO_HOST_2D', 'RESOURCE_FLUSH'],
];

/** Each command by name, when it came first. */
function firsts({ events, words }: PeerRecorder): ReadonlyMap<string, TraceEvent> {
  const found = new Map<string, TraceEvent>();
  for (const event of events) {
    const name = event.kind === 'command' ? (words.get(event.id) ?? '').split(' ')[0] : '';
    if (name !== '' && !found.has(name)) {
      found.set(name, event);
    }
  }
  return found;
}

function checkTrace(recorder: PeerRecorder): void {
  const { events } = recorder;
  const seen = firsts(recorder);
  expect([...seen.keys()].filter((name) => inOrder.includes(name))).toEqual(inOrder);
  expect(seen.has('UPDATE_CURSOR')).toBe(true);
  expect(recorder.system).toMatch(/^Linux \d+\.\d+/);
  expect(recorder.isWhole).toBe(true);
  const create = recorder.words.get(seen.get('RESOURCE_CREATE_2D')!.id);
  expect(create).toMatch(/^RESOURCE_CREATE_2D resource \d+, \d+x\d+ B8G8R8[XA]8$/);
  const flush = seen.get('RESOURCE_FLUSH')!;
  expect(events.at(flush.cause)).toMatchObject({ kind: 'kick', a: 0 });
  const answered = [...events].filter(({ kind }) => kind === 'used').map(({ cause }) => cause);
  const commands = [...events].filter(({ kind }) => kind === 'command').map(({ id }) => id);
  // The device of the last part is taken away from a guest that flips.
  expect(commands.length - answered.length).toBeLessThan(5);
  expect(new Set(answered).size).toBe(answered.length);
  expect(events.at(events.count).time).toBeGreaterThan(1e9);
}

describeWith(linuxVirtioGpu.needs, "Debian's virtio_gpu driver", () => {
  it('draws on our device what it draws on that of QEMU', async () => {
    const recorder = new PeerRecorder();
    const result = await runPeer(linuxVirtioGpu, {}, { ...plainSurroundings, recorder });
    expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(result).toMatchObject({ status: 'passed', why: '' });
    const names = result.checks.map(({ name }) => name);
    expect(names).toContain("modetest 640x480: as on QEMU's own device");
    expect(names).toContain('without our device: the guest goes on');
    const console = result.counts.find(({ title }) => title === 'text console')?.counts;
    expect(console?.['device.command.RESOURCE_FLUSH']).toBeGreaterThan(0);
    expect(result.pictures.map(({ name }) => name)).toContain('modetest 800x600');
    checkTrace(recorder);
  });
});
