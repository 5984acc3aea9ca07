/** What every PCI driver does first: know its device, turn it on, find its capabilities. */
import { capabilityOffset, type ConfigPort, type0Header } from '@doorbell/abi';

const { VENDOR_ID, DEVICE_ID, COMMAND } = type0Header.rows;

/** The device is not what the driver is for, or not what its datasheet promises. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}

export interface PciIds {
  readonly vendor: number;
  readonly device: number;
}

export function matches(config: ConfigPort, ids: PciIds): boolean {
  return (
    config.read(VENDOR_ID.offset, 2) === ids.vendor &&
    config.read(DEVICE_ID.offset, 2) === ids.device
  );
}

/** Lets the function decode its memory BARs. Returns the undo. */
export function enableMemory(config: ConfigPort): () => void {
  return setCommand(config, COMMAND.bits.MEMORY.mask);
}

/** Lets the function read and write memory, which is also how it sends messages. Returns the undo. */
export function enableBusMaster(config: ConfigPort): () => void {
  return setCommand(config, COMMAND.bits.BUS_MASTER.mask);
}

/** Sets one bit of the command register. The undo gives it the value that it was found with. */
function setCommand(config: ConfigPort, mask: number): () => void {
  // Two bytes wide: the other half of the word is STATUS, whose bits a write clears.
  const found = config.read(COMMAND.offset, 2) & mask;
  config.write(COMMAND.offset, 2, config.read(COMMAND.offset, 2) | mask);
  return () => {
    config.write(COMMAND.offset, 2, (config.read(COMMAND.offset, 2) & ~mask) | found);
  };
}

/** The offset of a capability in configuration space. @throws ProbeError */
export function findCapability(config: ConfigPort, id: number): number {
  const at = capabilityOffset((offset, width) => config.read(offset, width), id);
  if (at === 0) {
    throw new ProbeError(`The function has no capability 0x${id.toString(16)}.`);
  }
  return at;
}
