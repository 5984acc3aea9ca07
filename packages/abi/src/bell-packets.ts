/** bell's packets: those of the ring itself, and those that are commands of the `Gpu` API. */
import type { bellRegisters } from './bell.ts';
import { commands, type CommandName } from './commands.ts';

/** Packets that are not commands of the Gpu API. */
export const ringPackets = {
  NOP: { opcode: 0x00, doc: 'Skips its own length: any number of words from 1.', fields: [] },
  INDIRECT: {
    opcode: 0x01,
    doc: 'Executes a buffer of packets, then goes on behind this one.',
    fields: ['address', 'words'],
  },
  FENCE: {
    opcode: 0x02,
    doc: 'When all before it is done: writes `value` to FENCE_ADDRESS and FENCE; interrupts when `interrupt` is 1.',
    fields: ['value', 'interrupt'],
  },
  WAIT: {
    opcode: 0x03,
    doc: 'Waits until the word at `address` is at least `value`.',
    fields: ['address', 'value'],
  },
  REGISTER: {
    opcode: 0x04,
    doc: "Writes a register of the channel's function, as software does through BAR0. For a channel with CONTROL.PRIVILEGED alone: another faults PRIVILEGED. A register that is not in the list below faults BAD_ARGUMENT.",
    fields: ['offset', 'value'],
  },
} as const;

/** What a REGISTER packet may write. */
export const packetRegisters = [
  'WATCHDOG',
  'TLB_INVALIDATE',
  'SCANOUT_CONTROL',
  'SCANOUT_SIZE',
  'SCANOUT_STRIDE',
  'SCANOUT_PAGE',
  'SCANOUT_FLIP',
] as const satisfies readonly (keyof typeof bellRegisters.rows)[];

/** Opcodes of the compute engine: reserved, UNSUPPORTED on a part without it. */
export const computePackets = {
  SET_KERNEL: { opcode: 0x30, doc: 'The kernel of later dispatches.' },
  DISPATCH: { opcode: 0x31, doc: 'Runs a kernel over a grid of threads.' },
} as const;

/** A drawing packet: the Gpu API's command with each reference as one word, a GPU virtual address. */
export interface PacketShape {
  readonly opcode: number;
  /** Length in words, header included. */
  readonly words: number;
  /** Where a field lies, in words from the header. */
  readonly at: Readonly<Record<string, number>>;
}

export const drawPackets = Object.fromEntries(
  (Object.keys(commands) as CommandName[]).map((name): [CommandName, PacketShape] => {
    const fields = Object.keys(commands[name].fields);
    return [
      name,
      {
        opcode: commands[name].opcode,
        words: fields.length + 1,
        at: Object.fromEntries(fields.map((key, index) => [key, index + 1])),
      },
    ];
  }),
) as {
  readonly [N in CommandName]: PacketShape & {
    readonly at: { readonly [K in keyof (typeof commands)[N]['fields']]: number };
  };
};
