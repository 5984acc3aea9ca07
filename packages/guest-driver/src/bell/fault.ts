/** What a channel's fault registers say, in words. */
import {
  type Accessors,
  channelRegisters,
  commandNames,
  commands,
  computePackets,
  extract,
  faultName,
  faults,
  GpuError,
  ringPackets,
} from '@doorbell/abi';

const { REASON, OPCODE } = channelRegisters.rows.FAULT.bits;

const packetNames = new Map<number, string>([
  ...commandNames.map((name): [number, string] => [commands[name].opcode, name]),
  ...Object.entries(ringPackets).map(([name, { opcode }]): [number, string] => [opcode, name]),
  ...Object.entries(computePackets).map(([name, { opcode }]): [number, string] => [opcode, name]),
]);

const hex = (value: number): string => `0x${value.toString(16)}`;

/**
 * Why the channel stopped, as the error for whoever waits for its work:
 * `bell: NOT_PRESENT at 0x1000 in draw (packet at 0x5000). No page is mapped there.`
 */
export function readFault(registers: Accessors<typeof channelRegisters.rows>): GpuError {
  const fault = registers.FAULT.read();
  const address = registers.FAULT_ADDRESS.read();
  const packet = registers.FAULT_PACKET.read();
  const reason = extract(REASON, fault);
  const where = placeOf(packet, extract(OPCODE, fault));
  const name = faultName(reason);
  switch (name) {
    case 'NONE':
      return new GpuError('hang', 'bell: the channel stopped and names no fault.');
    case 'HANG':
      return new GpuError('hang', `bell: HANG ${where}. ${faults.HANG.doc}`);
    case undefined:
      return new GpuError('fault', `bell: fault ${reason} ${where}, which no datasheet has.`);
    default:
      return new GpuError(
        'fault',
        `bell: ${name} at ${hex(address)} ${where}. ${faults[name].doc}`,
      );
  }
}

/** FAULT_PACKET is 0 when no packet is to blame. */
function placeOf(packet: number, opcode: number): string {
  if (packet === 0) {
    return 'at the doorbell';
  }
  const name = packetNames.get(opcode) ?? `a packet with opcode ${hex(opcode)}`;
  return `in ${name} (packet at ${hex(packet)})`;
}
