/** A driver with a bug: it unmaps a buffer that its device still has the address of. */
import {
  CommandEncoder,
  GpuError,
  PAGE_BYTES,
  type Gpu,
  type GpuBuffer,
  type PciDevice,
} from '@doorbell/abi';
import { alteredDma, type ProbeDriver } from '@doorbell/lab';
import { driver } from '../reference/driver.ts';

interface Mapping {
  readonly iova: number;
  readonly bytes: number;
}

export class RogueDriver {
  private device: PciDevice | undefined;
  /** The last one. */
  private mapping: Mapping | undefined;
  /** Unmapped behind the driver's back: it does so again when it closes. */
  private lost: Mapping | undefined;

  readonly probe: ProbeDriver = (device) => {
    this.device = device;
    const { dma } = device;
    const noted = alteredDma(device, {
      map: (address, bytes, direction) => {
        const iova = dma.map(address, bytes, direction);
        this.mapping = { iova, bytes };
        return iova;
      },
      unmap: (iova, bytes) => {
        if (iova !== this.lost?.iova) {
          dma.unmap(iova, bytes);
        }
      },
    });
    return driver.probe(noted);
  };

  /**
   * The device writes to a page; the driver unmaps it; so much time passes; the device writes again.
   * Tells whether it was let.
   */
  async writesAfter(gpu: Gpu, ns: number): Promise<boolean> {
    const buffer = await gpu.createBuffer(PAGE_BYTES, 'host');
    const { device, mapping } = this;
    if (device === undefined || mapping === undefined) {
      throw new RangeError('A buffer of the host was not mapped.');
    }
    if (!(await isWritten(gpu, buffer))) {
      throw new RangeError('The device could not write to what is mapped.');
    }
    this.lost = mapping;
    device.dma.unmap(mapping.iova, mapping.bytes);
    await device.clock.sleep(ns);
    return isWritten(gpu, buffer);
  }
}

async function isWritten(gpu: Gpu, { handle, bytes }: GpuBuffer): Promise<boolean> {
  const fill = { stride: bytes, width: bytes / 4, height: 1, value: 0x2020_2020 };
  const commands = new CommandEncoder().fill({ dst: { handle, offset: 0 }, ...fill });
  try {
    await gpu.wait(await gpu.submit(commands.finish()));
    return true;
  } catch (error) {
    if (error instanceof GpuError && error.code === 'fault') {
      return false;
    }
    throw error;
  }
}
