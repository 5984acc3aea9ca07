/** Why a channel stopped, as the device reports it. */
import {
  channelRegisters,
  channelReport,
  extract,
  faultName,
  faults,
  GpuError,
} from '@doorbell/abi';

const { REASON, OPCODE } = channelRegisters.rows.FAULT.bits;
const hex = (value: number): string => `0x${value.toString(16)}`;

/**
 * The error for whoever waits for the channel's work:
 * `bell: NOT_PRESENT at 0x1000 (packet 0x22 at 0x5000). No page is mapped there.`
 */
export function faultOf(bytes: Uint8Array): GpuError {
  const { fault, address, packet } = channelReport.decode(bytes);
  const name = faultName(extract(REASON, fault));
  // No packet is to blame for a wrong doorbell.
  const where =
    packet === 0 ? 'doorbell' : `packet ${hex(extract(OPCODE, fault))} at ${hex(packet)}`;
  if (name === undefined || name === 'NONE') {
    return new GpuError('fault', `bell: fault ${fault}, which no datasheet has (${where}).`);
  }
  const code = name === 'HANG' ? 'hang' : 'fault';
  return new GpuError(code, `bell: ${name} at ${hex(address)} (${where}). ${faults[name].doc}`);
}
