import { describe, expect, it } from 'vitest';
import { audioRegisters } from '../src/audio.ts';
import { bellRegisters, channelRegisters, faults } from '../src/index.ts';
import { dispiRegisters } from '../src/bochs.ts';
import { commands } from '../src/index.ts';
import { eduRegisters } from '../src/edu.ts';
import { acsCapability, type0Header, type1Header } from '../src/index.ts';
import { referencePages } from '../src/reference.ts';
import { eventKinds } from '../src/trace.ts';
import { gpuCommands, gpuResponses } from '../src/virtio-gpu.ts';
import { virtioCommonConfig } from '../src/virtio-pci.ts';

const pages = referencePages();
const lines = (name: string): string[] => pages[name].split('\n');

describe('the reference pages', () => {
  it('are these', () => {
    expect(Object.keys(pages)).toEqual([
      'audio.md',
      'bell.md',
      'bochs-display.md',
      'edu.md',
      'pci.md',
      'tlp.md',
      'trace.md',
      'virtio.md',
    ]);
  });

  it.each(Object.keys(pages))('%s begins with a title and ends with one line feed', (name) => {
    expect(pages[name]).toMatch(/^# \S/);
    expect(pages[name]).toMatch(/[^\n]\n$/);
  });

  it.each(Object.keys(pages))('%s leaves nothing blank that was to be filled in', (name) => {
    expect(pages[name]).not.toMatch(/undefined|NaN|\[object|\n{3}/);
  });

  it.each(Object.keys(pages))(
    '%s has as many cells in each row of a table as in its head',
    (name) => {
      const cells = (line: string): number => line.replaceAll('\\|', '').split('|').length;
      lines(name).forEach((line, at) => {
        const above = lines(name)[at - 1] ?? '';
        if (line.startsWith('|') && above.startsWith('|')) {
          expect(cells(line), line).toBe(cells(above));
        }
      });
    },
  );

  it.each([
    ['bell.md', bellRegisters],
    ['bell.md', channelRegisters],
    ['bochs-display.md', dispiRegisters],
    ['edu.md', eduRegisters],
    ['pci.md', type0Header],
    ['pci.md', type1Header],
    ['pci.md', acsCapability],
    ['audio.md', audioRegisters],
    ['virtio.md', virtioCommonConfig],
  ])('%s has a row for each register', (name, { names }) => {
    for (const register of names) {
      expect(pages[name]).toMatch(new RegExp(`\\| 0x[0-9a-f]+ \\| ${register} \\|`));
    }
  });
});

describe('a row', () => {
  it('of a register has offset, name, bytes, access, reset, sensitivity and meaning', () => {
    expect(lines('bell.md')).toContain(
      '| 0x010 | CONTROL | 4 | RW | 0x00000000 | control | Turns the function on. |',
    );
    expect(lines('pci.md')).toContain('| 0x06 | STATUS | 2 | RO | 0x0010 |  | What happened. |');
  });

  it("of a bit field has its bits, its name and its access, which may differ from the register's", () => {
    expect(lines('bell.md')).toContain('| 31:16 | MAJOR | RO | Breaking changes. |');
    expect(lines('pci.md')).toContain('| 15 | PARITY | W1C | A poisoned packet came in. |');
    expect(lines('edu.md')).toContain('| 0 | COMPUTING | RO | A factorial is being computed. |');
  });

  it('of a packet has the word, the field, its type and its meaning', () => {
    expect(lines('bell.md')).toContain('#### draw (0x25)');
    expect(lines('bell.md')).toContain('| 0 | header | u32 | Opcode; length 6 |');
    expect(lines('bell.md')).toContain('| 3 | indices | address, read | u32 each |');
    expect(lines('bell.md')).toContain('#### FENCE (0x02)');
    expect(lines('bell.md')).toContain('| 1 | value | u32 | A word, unsigned |');
  });

  it('of a struct has offset, bytes, name and type', () => {
    expect(lines('bochs-display.md')).toContain('| 38 | 16 | standard | u16[8] |');
  });
});

it('bell.md tells of every packet and every fault', () => {
  for (const name of Object.keys(commands)) {
    expect(pages['bell.md']).toContain(`#### ${name} (0x`);
  }
  for (const [name, { code }] of Object.entries(faults)) {
    expect(pages['bell.md']).toContain(`| ${code} | ${name} |`);
  }
});

it('trace.md numbers the kinds of events in their order', () => {
  eventKinds.forEach((kind, number) => {
    expect(pages['trace.md']).toContain(`| ${number} | ${kind} |`);
  });
});

it('virtio.md tells of every command and every response, with what follows its header', () => {
  for (const [name, type] of Object.entries({ ...gpuCommands, ...gpuResponses })) {
    expect(pages['virtio.md']).toContain(`#### ${name} (0x${type.toString(16).padStart(4, '0')})`);
  }
  expect(lines('virtio.md')).toContain('| 24 | 16 | r | virtio_gpu_rect |');
  expect(pages['virtio.md']).not.toContain('| hdr |');
});
