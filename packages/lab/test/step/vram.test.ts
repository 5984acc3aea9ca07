/** A GPU's memory at an event, as bytes. */
import { PAGE_BYTES } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { beforeAll, describe, expect, it } from 'vitest';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { dumpLines } from '../../src/step/inspect/hex-dump.ts';
import { registersOf } from '../../src/step/inspect/registers.ts';
import { scanoutOf } from '../../src/step/inspect/scanout.ts';
import { vramRows } from '../../src/step/inspect/vram.ts';
import { StepShell } from '../../src/step/shell.ts';
import { record } from '../../src/trace/record.ts';
import type { Recording } from '../../src/trace/recording.ts';
import { testEnvironment } from '../environment.ts';

function recorded(stack: string, guests = 1): Promise<Recording> {
  const scene = scenes.get('triangle')!;
  const context = { width: 32, height: 32, frames: 1, seed: 1 };
  const drawing = { scene, weight: 1, cap: 100, context };
  const request = {
    ...{ spec: parseStacks(stack)[0], scene, context, profile: profiles.get('kvm-x86')! },
    guests: Array.from({ length: guests }, (_, at) => ({ ...drawing, name: `g${at}` })),
  };
  return record(request, testEnvironment);
}

async function say(shell: StepShell, ...lines: readonly string[]): Promise<readonly string[]> {
  let last: readonly string[] = [];
  for (const line of lines) {
    last = (await shell.run(line)).lines;
  }
  return last;
}

it('a dump is as hexdump -C prints it', () => {
  const bytes = new Uint8Array(0x48);
  bytes.set(new TextEncoder().encode('Hello, VRAM! ~\x7f'), 0x10);
  expect(dumpLines(0x1000, bytes)).toEqual([
    '00001000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|',
    '00001010  48 65 6c 6c 6f 2c 20 56  52 41 4d 21 20 7e 7f 00  |Hello, VRAM! ~..|',
    '00001020  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|',
    '*',
    '00001040  00 00 00 00 00 00 00 00                           |........|',
    '00001048',
  ]);
});

describe('of a run', () => {
  let native: Recording;
  beforeAll(async () => {
    native = await recorded('native');
  });
  const shell = (): StepShell => new StepShell([native], testEnvironment);

  it('has the pixels that the scanout shows', async () => {
    const one = shell();
    await say(one, 'go end', 'R flip');
    const state = (await one.walk.cursor.state())!;
    const picture = scanoutOf(state)!;
    const { value } = registersOf(state)
      .find(({ title }) => title === 'bell')!
      .registers.find(({ name }) => name === 'SCANOUT_PAGE')!;
    const rows = vramRows(state, { gpu: 0, address: value * PAGE_BYTES, bytes: 128 })!;
    const shown = rows.flatMap(({ hex, repeats }) =>
      Array.from({ length: 1 + repeats }, () => hex).flat(),
    );
    expect(shown).toEqual(
      [...picture.pixels.subarray(0, 128)].map((byte) => byte.toString(16).padStart(2, '0')),
    );
    expect(new Set(shown).size).toBeGreaterThan(1);
  });

  it('is what it was at the event: a page table is empty before the driver fills it', async () => {
    const one = shell();
    const zeros = '00 00 00 00 00 00 00 00';
    expect(await say(one, 'go 0', 'vram 0 8')).toEqual([
      'host 01:00.0, 256 MiB of VRAM',
      `00000000  ${zeros}${' '.repeat(27)}|........|`,
      '00000008',
    ]);
    const [, first] = await say(one, 'go end', 'vram 0 8');
    expect(first).not.toContain(zeros);
  });

  it('shows 16 lines, or what is left', async () => {
    const lines = await say(shell(), 'vram 0xfffff80');
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)).toBe('10000000');
  });

  it.each([
    ['vram 0x10000000', '0x10000000 (256 bytes) lies beyond the VRAM, which ends at 0x10000000.'],
    ['vram 0xffffff8 16', '0xffffff8 (16 bytes) lies beyond the VRAM, which ends at 0x10000000.'],
    ['vram here', "'here' is no address in VRAM: give a number such as 12 or 0x1000."],
    ['vram 0 0', '0 bytes cannot be shown: give 1 to 0x100000.'],
    ['vram 0 0x100001', '1048577 bytes cannot be shown: give 1 to 0x100000.'],
    ['vram 0 16 1', "'1' is one word too many: vram [gpuN] [ADDRESS [BYTES]]."],
    ['vram gpu1', 'There is no gpu1: give gpu0.'],
  ])('refuses %s in one line', async (line, said) => {
    await expect(say(shell(), line)).rejects.toThrow(said);
  });
});

it('chooses among several GPUs', async () => {
  const one = new StepShell([await recorded('emulated', 2)], testEnvironment);
  expect((await say(one, 'vram'))[0]).toBe('gpu0 of 2, guest0 00:02.0, 256 MiB of VRAM');
  expect((await say(one, 'vram gpu1 16'))[0]).toBe('gpu1 of 2, guest1 00:02.0, 256 MiB of VRAM');
  await expect(say(one, 'vram gpu2')).rejects.toThrow('There is no gpu2: give gpu0 to gpu1.');
});
