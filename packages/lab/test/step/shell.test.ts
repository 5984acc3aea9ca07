/** The stepping session by lines of text, on recordings of one frame. */
import { profiles } from '@doorbell/hypervisor';
import { beforeAll, describe, expect, it } from 'vitest';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { StepShell } from '../../src/step/shell.ts';
import { record } from '../../src/trace/record.ts';
import type { Recording } from '../../src/trace/recording.ts';
import { testEnvironment } from '../environment.ts';

function recorded(stack: string): Promise<Recording> {
  const [spec] = parseStacks(stack);
  const context = { width: 32, height: 32, frames: 1, seed: 1 };
  const common = { scene: scenes.get('triangle')!, profile: profiles.get('kvm-x86')! };
  return record({ ...common, spec, context }, testEnvironment);
}

let native: Recording;
let emulated: Recording;
let pv: Recording;

beforeAll(async () => {
  native = await recorded('native');
  emulated = await recorded('emulated');
  pv = await recorded('pv');
});

async function say(shell: StepShell, ...lines: readonly string[]): Promise<readonly string[]> {
  let last: readonly string[] = [];
  for (const line of lines) {
    last = (await shell.run(line)).lines;
  }
  return last;
}

const one = (recording: Recording): StepShell => new StepShell([recording], testEnvironment);
const both = (): StepShell => new StepShell([native, emulated], testEnvironment);

describe('the stepping session', () => {
  it('goes forwards and back by the same steps, at every granularity', async () => {
    for (const name of ['call', 'access', 'exit', 'packet', 'tick', 'event']) {
      const shell = one(emulated);
      await say(shell, `g ${name}`, 'n 3');
      const there = shell.walk.cursor.at;
      await say(shell, 'n', 'p');
      expect(shell.walk.cursor.at).toBe(there);
    }
  });

  it('goes by what crosses the physical bus, where something does', async () => {
    const shell = one(native);
    await say(shell, 'g tlp', 'go end', 'p');
    expect(shell.walk.cursor.event?.c).not.toBe(0);
    expect(await say(one(emulated), 'g tlp', 'n')).toContain('(no later one)');
  });

  it('says who last wrote a register, and because of what', async () => {
    const lines = await say(one(native), 'go end', 'who doorbell0.TAIL');
    expect(lines[0]).toMatch(/mmioWrite {2}doorbell0\.TAIL = 0x/);
    expect(lines.at(-1)).toMatch(/because of #\d+ appCall/);
    const [config] = await say(one(native), 'go end', 'who config.COMMAND');
    expect(config).toMatch(/configWrite {2}config\.COMMAND = 0x/);
  });

  it('finds the device that changes a register by itself', async () => {
    const lines = await say(one(native), 'go end', 'R channel0.FENCE');
    expect(lines[0]).toMatch(/fence {2}channel 0/);
  });

  it('stops where a field changes, and where it has a value', async () => {
    const on = await say(one(native), 'r channel0.CONTROL.ENABLE=1');
    const off = await say(one(native), 'go end', 'R channel0.CONTROL.ENABLE');
    expect(on[0]).toMatch(/channel0\.CONTROL = 0x1/);
    expect(off[0]).toMatch(/channel0\.CONTROL = 0x/);
  });

  it('stops at the event that takes a count past its threshold', async () => {
    const shell = one(emulated);
    await say(shell, 'r exits>10');
    const events = Array.from({ length: shell.walk.cursor.at }, (_, index) =>
      emulated.events.at(index + 1),
    );
    expect(events.filter(({ kind }) => kind === 'exit').length).toBe(11);
  });

  it('stops at commands, packets, exits and addresses', async () => {
    expect((await say(one(pv), 'r command:RESOURCE_FLUSH'))[0]).toMatch(/RESOURCE_FLUSH/);
    expect((await say(one(native), 'r packet:FENCE'))[0]).toMatch(/packet {2}channel 0 FENCE/);
    expect((await say(one(emulated), 'r exit:mmio-write'))[0]).toMatch(/exit {2}mmio-write/);
    expect((await say(one(native), 'r 0x0..0xffff'))[0]).toMatch(/memoryWrite/);
  });

  it('keeps two stacks at the same point of the application', async () => {
    const shell = both();
    await say(shell, 'N 3');
    expect(shell.walk.cursors.map(({ event }) => event?.request)).toEqual([3, 3]);
    await say(shell, 'P');
    expect(shell.walk.cursors.map(({ event }) => event?.request)).toEqual([2, 2]);
  });

  it('says what one stack does for a call, and the other does not', async () => {
    const shell = both();
    const lines = await say(shell, 'r doorbell.TAIL', 'diff');
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}exit: nothing \| \d+$/));
  });

  it('shows rings with packets by name, and queues with what is pending', async () => {
    const rings = await say(one(native), 'r packet', 'rings');
    expect(rings.join('\n')).toMatch(/channel 0 .*\n {2}0x[0-9a-f]+ INDIRECT/);
    const queues = await say(one(pv), 'r command', 'queues');
    expect(queues[0]).toMatch(/^guest0 queue 0, split, size \d+: avail \d+ used \d+$/);
  });

  it.each([
    ['r doorbel.TAIL', "There is no register 'doorbel.TAIL'; near it: doorbell.TAIL"],
    ['r exit:mmio-wrte', "There is no exit reason 'mmio-wrte'; near it: mmio-write"],
    ['r exitz>3', "There is no counter 'exitz'; near it: exits"],
    ['g acess', "There is no granularity 'acess'; near it: access"],
    ['regsters', "There is no command 'regsters'; near it: registers"],
    ['go 99999999', 'There is no event'],
    ['walk iommu 1:0 0', "'1:0' is no function"],
    ['tab', 'There is one stack'],
  ])('refuses %s in one line', async (line, said) => {
    await expect(say(one(native), line)).rejects.toThrow(said);
  });

  it('lets nobody leave a granularity that is fixed', async () => {
    const shell = new StepShell([native], testEnvironment, { granularity: 'call', fixed: true });
    await expect(say(shell, 'g event')).rejects.toThrow('The granularity is fixed: call.');
  });
});

describe('registers of every function', () => {
  it("has a mediated guest's channels as the guest reads them, beside the host's", async () => {
    const shell = one(await recorded('mdev'));
    const lines = await say(shell, 'r packet', 'registers channel0');
    const groups = lines.filter((line) => line.endsWith(' channel 0'));
    expect(groups).toEqual(['host 01:00.0 channel 0', 'guest0 00:02.0 channel 0']);
    const [physical, own] = lines.filter((line) => line.includes(' PAGE_ROOT = '));
    // The host's tables shadow the guest's, which lie elsewhere.
    expect(physical).not.toBe(own);
    const rings = lines.filter((line) => line.includes(' RING = '));
    expect(rings[0]).toBe(rings[1]);
  });

  it('has the header of a bridge by name, and configuration space of all', async () => {
    const shell = one(native);
    const lines = await say(shell, 'go end', 'registers config');
    expect(lines.some((line) => line.startsWith('  SECONDARY_BUS = 0x1'))).toBe(true);
    const dump = await say(shell, 'lspci 01:00.0');
    expect(dump[0]).toMatch(/^host 01:00\.0 .*\[1234:be11\]/);
    expect(dump[1]).toMatch(/^00: 34 12 11 be /);
    const all = await say(shell, 'lspci');
    expect(all.filter((line) => /\[[0-9a-f]{4}:[0-9a-f]{4}\]/.test(line)).length).toBeGreaterThan(
      1,
    );
    await expect(say(shell, 'lspci 05:00.0')).rejects.toThrow(
      'There is no function 05:00.0; there',
    );
  });
});
