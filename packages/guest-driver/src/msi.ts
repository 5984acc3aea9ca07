/** MSI (PCIe 6.0 §6.1.4): the function's one interrupt is a memory write that it makes. */
import { capabilityIds, msiCapability, type PciDevice } from '@doorbell/abi';
import { findCapability } from './pci.ts';

const { CONTROL, ADDRESS_LO, ADDRESS_HI, DATA } = msiCapability.rows;

/** Runs `handler` for the function's message, in place of INTx. Returns the undo. @throws ProbeError */
export function enableMsi(device: PciDevice, handler: () => void): () => void {
  const { config, irq } = device;
  const at = findCapability(config, capabilityIds.MSI);
  const message = irq.request(handler);
  config.write(at + ADDRESS_LO.offset, 4, message.address % 2 ** 32);
  config.write(at + ADDRESS_HI.offset, 4, Math.floor(message.address / 2 ** 32));
  config.write(at + DATA.offset, 2, message.data);
  // Last: an enabled function may send what stands above at any time.
  config.write(at + CONTROL.offset, 2, CONTROL.bits.ENABLE.mask);
  return () => {
    config.write(at + CONTROL.offset, 2, 0);
    irq.release(message);
  };
}
