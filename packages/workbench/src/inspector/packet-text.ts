/** A TLP's header in the columns of a table. */
import type { PacketInspection } from '../machine/contract.ts';
import { functionName, hex } from './text.ts';

export type Packet = PacketInspection['packets'][number];
type Header = Packet['header'];

/** Who sends it: of a completion that is the completer. */
export function senderOf(header: Header): string {
  return functionName('status' in header ? header.completer : header.requester);
}

/** Where it goes: an address, or a function. A message such as INTx goes to the root complex. */
export function targetOf(header: Header): string {
  if ('address' in header) {
    return hex(header.address);
  }
  if ('register' in header) {
    return functionName(header.completer);
  }
  return 'status' in header ? functionName(header.requester) : 'root complex';
}

/** Only what is answered, and the answers, have a tag that says something. */
export function tagOf({ header, flow }: Packet): string {
  return flow === 'posted' ? '' : String(header.tag);
}
