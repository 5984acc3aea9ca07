/** A function of virtio's on PCI: which one it is, and turning it on (VIRTIO 1.3 §4.1.2). */
import {
  type ConfigPort,
  type0Header,
  VIRTIO_PCI_DEVICE_BASE,
  VIRTIO_PCI_VENDOR,
} from '@doorbell/abi';
import { ProbeError } from './probe-error.ts';

const { VENDOR_ID, DEVICE_ID, COMMAND } = type0Header.rows;
/** §4.1.2: ids up to here are virtio's; below the base are transitional devices. */
const LAST_DEVICE = 0x107f;

/** The device id. @throws ProbeError */
export function identify(config: ConfigPort): number {
  const vendor = config.read(VENDOR_ID.offset, 2);
  const device = config.read(DEVICE_ID.offset, 2);
  if (vendor !== VIRTIO_PCI_VENDOR || device < VIRTIO_PCI_DEVICE_BASE || device > LAST_DEVICE) {
    const id = `${vendor.toString(16)}:${device.toString(16)}`;
    throw new ProbeError(`The function is ${id}, and not a virtio device of version 1.`);
  }
  return device;
}

/** Lets the function decode its BARs and reach memory. `undo` takes what puts it back. */
export function enableFunction(config: ConfigPort, undo: (step: () => void) => void): void {
  const mask = COMMAND.bits.MEMORY.mask | COMMAND.bits.BUS_MASTER.mask;
  // Two bytes wide: the other half of the word is STATUS, whose bits a write clears.
  const found = config.read(COMMAND.offset, 2);
  undo(() => {
    const now = config.read(COMMAND.offset, 2);
    config.write(COMMAND.offset, 2, (now & ~mask) | (found & mask));
  });
  config.write(COMMAND.offset, 2, found | mask);
}
