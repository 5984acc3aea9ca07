/** What QEMU's proxy would send, for tests. */
import {
  proxyBarAccess,
  proxyCommand,
  proxyConfigAccess,
  proxyHeader,
} from '../../src/pci-proxy/messages.ts';

export function proxyMessage(command: number, payload: Uint8Array): Uint8Array {
  const header = proxyHeader.encode({ command, pad: 0, size: payload.length });
  return Buffer.concat([header, payload]);
}

export function configRead(address: number, bytes: number): Uint8Array {
  const access = proxyConfigAccess.encode({ address, value: 0, bytes });
  return proxyMessage(proxyCommand.CONFIG_READ, access);
}

export function configWrite(address: number, bytes: number, value: number): Uint8Array {
  const access = proxyConfigAccess.encode({ address, value, bytes });
  return proxyMessage(proxyCommand.CONFIG_WRITE, access);
}

export function barAccess(command: number, address: number, value: Uint8Array): Uint8Array {
  const padded = new Uint8Array(8);
  padded.set(value);
  const bytes = value.length;
  const access = { address, value: padded, bytes, memory: 1, pad: new Uint8Array(3) };
  return proxyMessage(command, proxyBarAccess.encode(access));
}
