/** What a packet is for, in words: the register that an address is, or what the function was doing. */
import { bellBars, bellIds, completionStatus, messageCodes, type0Header } from '@doorbell/abi';
import type { Tracer } from '@doorbell/hypervisor';
import { bankAt, bellBanks, type Registers } from '../registers.ts';
import type { BarPlace, BusMap } from './bus-map.ts';
import type { Tlp } from './packets.ts';

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

function nameAt(map: Pick<Registers, 'names' | 'indexAt'>, offset: number): string {
  return map.names[map.indexAt(offset)] ?? '';
}

/** `doorbell 0 TAIL`, or '' where bell has nothing with a name. */
function bellRegister({ bar, offset }: BarPlace): string {
  if (bar === bellBars.VRAM.index) {
    return 'VRAM';
  }
  const place = bankAt(bellBanks, bar, offset);
  if (place === undefined) {
    return '';
  }
  const { bank, number, name } = place;
  return bank.label === '' ? name : `${bank.label} ${number} ${name}`;
}

function isBell(bus: BusMap, at: number): boolean {
  const { vendor, device } = bus.ids(at);
  return vendor === bellIds.vendor && device === bellIds.device;
}

function barPurpose(bus: BusMap, place: BarPlace): string {
  const at = `BAR${place.bar}+${hex(place.offset, 4)}`;
  return isBell(bus, place.completer) ? `${at} ${bellRegister(place)}`.trimEnd() : at;
}

const statusNames = new Map<number, string>(
  Object.entries(completionStatus).map(([name, { code }]) => [code, name]),
);
const messageNames = new Map<number, string>(
  Object.entries(messageCodes).map(([name, code]) => [code, name]),
);

/** @param trace  the one that the packet was derived from. */
export function purposeOf(
  { header, direction, address, event }: Tlp,
  bus: BusMap,
  trace: Pick<Tracer, 'at'>,
): string {
  if ('status' in header) {
    return statusNames.get(header.status) ?? '';
  }
  if ('register' in header) {
    const offset = header.register * 4;
    return `config ${hex(offset, 3)} ${nameAt(type0Header, trace.at(event).a)}`.trimEnd();
  }
  if ('code' in header) {
    return messageNames.get(header.code) ?? '';
  }
  if (direction === 'down') {
    const place = bus.place(address ?? header.address);
    return place === undefined ? 'nothing' : barPurpose(bus, place);
  }
  return masterPurpose(trace.at(event), trace);
}

/** Of a function's own request: a message, or what it did when it made the transfer. */
function masterPurpose(event: ReturnType<Tracer['at']>, trace: Pick<Tracer, 'at'>): string {
  if (event.kind === 'message') {
    return `message ${hex(event.b, 1)}`;
  }
  const doing = event.cause === 0 ? '' : ` for ${trace.at(event.cause).kind}`;
  return `${event.kind === 'dmaRefused' ? 'refused' : 'memory'}${doing}`;
}
