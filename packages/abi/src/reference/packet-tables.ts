/** Tables of bell's packets, by word. */
import { bellRegisters } from '../bell.ts';
import {
  computePackets,
  type drawPackets,
  packetRegisters,
  type PacketShape,
  ringPackets,
} from '../bell-packets.ts';
import { type Command, type CommandField, type CommandName, commands } from '../commands.ts';
import { blocks, hex, table } from './markdown.ts';

/** What the ring's own packets carry, by field. */
const ringFields: Readonly<Record<string, string>> = {
  address: 'GPU virtual address, a multiple of 4',
  words: 'Length of the buffer in words',
  value: 'A word, unsigned',
  offset: 'Bytes from the start of BAR0',
  interrupt: '1: sets INTERRUPT.FENCE; 0: does not',
};

function packetTable(
  fields: readonly (readonly [name: string, type: string, doc: string])[],
): string {
  return table(
    ['Word', 'Field', 'Type', 'Meaning'],
    [
      [0, 'header', 'u32', `Opcode; length ${fields.length + 1}`],
      ...fields.map(([name, type, doc], index) => [index + 1, name, type, doc]),
    ],
  );
}

export function ringPacketTables(): string {
  const packets = Object.entries(ringPackets).map(([name, { opcode, doc, fields }]) =>
    blocks(
      `#### ${name} (${hex(opcode, 2)})`,
      doc,
      fields.length === 0
        ? ''
        : packetTable(fields.map((field) => [field, 'u32', ringFields[field]])),
    ),
  );
  const registers = packetRegisters.map((name) => [hex(bellRegisters.rows[name].offset, 3), name]);
  return blocks(...packets, table(['Offset', 'Register of REGISTER'], registers));
}

function typeOf({ type, writes }: CommandField): string {
  return type === 'ref' ? `address, ${writes === true ? 'written' : 'read'}` : type;
}

export function drawPacketTables(shapes: typeof drawPackets): string {
  const packets = Object.entries<PacketShape>(shapes).map(([name, { opcode, at }]) => {
    const { doc, fields }: Command = commands[name as CommandName];
    const rows = Object.keys(at).map((field): [string, string, string] => [
      field,
      typeOf(fields[field]),
      fields[field].doc,
    ]);
    return blocks(`#### ${name} (${hex(opcode, 2)})`, doc, packetTable(rows));
  });
  return blocks(...packets);
}

export function computePacketTable(): string {
  return table(
    ['Opcode', 'Packet', 'Meaning'],
    Object.entries(computePackets).map(([name, { opcode, doc }]) => [hex(opcode, 2), name, doc]),
  );
}
