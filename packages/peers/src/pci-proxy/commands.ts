/** What each command of QEMU's proxy does to the device, and what it is answered. */
import type { SocketDevice } from '../pci-device/socket-device.ts';
import { requireThat } from '../pci-device/violation.ts';
import { proxyBarAccess, proxyCommand, proxyConfigAccess } from './messages.ts';

/** What the proxy has shown: 256 bytes, as a conventional PCI device (PCI Local Bus 3.0 §6.1). */
const CONFIG_BYTES = 256;
const nothing = new Uint8Array(8);

/** The value of the answer; undefined: there is none. @throws ProtocolViolation */
export function perform(
  device: SocketDevice,
  command: number,
  payload: Uint8Array,
): Uint8Array | undefined {
  switch (command) {
    case proxyCommand.CONFIG_WRITE:
    case proxyCommand.CONFIG_READ:
      return accessConfig(device, command, payload);
    case proxyCommand.BAR_WRITE:
    case proxyCommand.BAR_READ:
      return accessBar(device, command, payload);
    case proxyCommand.DEVICE_RESET:
      device.reset();
      return nothing;
    default:
      // SYNC_SYSMEM and SET_IRQFD: their descriptors have not come through a stream of Node's, so
      // the device has no memory to reach and no interrupt.
      return undefined;
  }
}

function accessConfig(device: SocketDevice, command: number, payload: Uint8Array): Uint8Array {
  const { address, value, bytes } = proxyConfigAccess.decode(payload);
  requireThat(
    [1, 2, 4].includes(bytes) && address + bytes <= CONFIG_BYTES,
    `QEMU accesses ${bytes} bytes at ${address} of a configuration space of ${CONFIG_BYTES}.`,
  );
  const register = new Uint8Array(8);
  if (command === proxyCommand.CONFIG_READ) {
    device.readConfig(address, register.subarray(0, bytes));
  } else {
    new DataView(register.buffer).setUint32(0, value, true);
    device.writeConfig(address, register.subarray(0, bytes));
    register.fill(0);
  }
  return register;
}

function accessBar(device: SocketDevice, command: number, payload: Uint8Array): Uint8Array {
  const { address, value, bytes, memory } = proxyBarAccess.decode(payload);
  requireThat(
    [1, 2, 4, 8].includes(bytes) && memory === 1 && Number.isSafeInteger(address),
    `QEMU accesses ${bytes} bytes at ${address} of space ${memory}: no BAR has such an access.`,
  );
  // A BAR may have moved, or be off, since the guest's access set out: then nobody answers.
  const place = device.decode(address, bytes);
  const register = new Uint8Array(8);
  if (command === proxyCommand.BAR_READ) {
    register.fill(0xff, 0, bytes);
    if (place !== undefined) {
      device.readBar(place.bar, place.offset, register.subarray(0, bytes));
    }
  } else if (place !== undefined) {
    device.writeBar(place.bar, place.offset, value.subarray(0, bytes));
  }
  return register;
}
