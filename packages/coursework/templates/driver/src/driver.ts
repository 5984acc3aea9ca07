/**
 * A driver of bell, the GPU of `docs/reference/bell.md`. It finds its device, and lets go of it
 * again. It sees hardware through the ports that it is handed and nothing else, so it runs unchanged
 * on bare metal and in every virtual machine.
 */
import {
  accessors,
  bellBars,
  bellIds,
  bellRegisters,
  GpuError,
  headerRows,
  type Gpu,
  type PciDevice,
} from '@doorbell/abi';
import type { OwnDriver } from '@doorbell/lab';

const { VENDOR_ID, DEVICE_ID, COMMAND } = headerRows;

export async function probe(device: PciDevice): Promise<OwnDriver> {
  const { config } = device;
  const vendor = config.read(VENDOR_ID.offset, 2);
  const id = config.read(DEVICE_ID.offset, 2);
  if (vendor !== bellIds.vendor || id !== bellIds.device) {
    throw new Error(`${vendor.toString(16)}:${id.toString(16)} is no bell.`);
  }
  const found = config.read(COMMAND.offset, 2);
  config.write(COMMAND.offset, 2, found | COMMAND.bits.MEMORY.mask);
  const registers = accessors(bellRegisters, device.mapBar(bellBars.REGISTERS.index));
  if (registers.ID.read() !== bellRegisters.rows.ID.reset) {
    config.write(COMMAND.offset, 2, found);
    throw new Error('It does not say that it is a bell.');
  }
  return {
    open: async (): Promise<Gpu> => {
      throw new GpuError('lost', 'Opening a channel is not written yet.');
    },
    remove: () => {
      config.write(COMMAND.offset, 2, found);
    },
  };
}
