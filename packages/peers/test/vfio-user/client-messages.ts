/** What a vfio-user client sends, for tests. */
import {
  vfioIrqSet,
  vfioUserCommand,
  vfioUserDmaMap,
  vfioUserDmaUnmap,
  vfioUserHeader,
  vfioUserRegionAccess,
} from '../../src/vfio-user/messages.ts';

export const command = vfioUserCommand;
const nothing = new Uint8Array(0);

export function clientMessage(
  id: number,
  which: number,
  payload: Uint8Array = nothing,
  flags = 0,
): Uint8Array {
  const size = vfioUserHeader.size + payload.length;
  const header = vfioUserHeader.encode({ id, command: which, size, flags, error: 0 });
  return Buffer.concat([header, payload]);
}

export const version = new Uint8Array(4);

export function dmaMap(address: number, size: number, flags = 3, offset = 0): Uint8Array {
  return vfioUserDmaMap.encode({ argsz: vfioUserDmaMap.size, flags, offset, address, size });
}

export function dmaUnmap(address: number, size: number): Uint8Array {
  return vfioUserDmaUnmap.encode({ argsz: vfioUserDmaUnmap.size, flags: 0, address, size });
}

export function regionRead(region: number, offset: number, count: number): Uint8Array {
  return vfioUserRegionAccess.encode({ region, offset, count });
}

export function regionWrite(region: number, offset: number, data: readonly number[]): Uint8Array {
  const head = vfioUserRegionAccess.encode({ region, offset, count: data.length });
  return Buffer.concat([head, Uint8Array.from(data)]);
}

export function setIrqs(flags: number, index: number, start: number, count: number): Uint8Array {
  return vfioIrqSet.encode({ argsz: vfioIrqSet.size, flags, index, start, count });
}
