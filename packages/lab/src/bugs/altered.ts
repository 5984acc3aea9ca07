/** Ports that pass everything on but what a bug alters. */
import type {
  AccessWidth,
  Clock,
  ConfigPort,
  Dma,
  Irq,
  Memory,
  Mmio,
  PciDevice,
  WaitQueue,
} from '@doorbell/abi';

/** Gives the value that is to be stored; undefined: the store is lost. */
export type AlterStore = (offset: number, value: number, width: AccessWidth) => number | undefined;

/** A device one of whose BARs is something else. */
export function alteredBar(device: PciDevice, bar: number, alter: (mmio: Mmio) => Mmio): PciDevice {
  return {
    ...device,
    mapBar: (index) => (index === bar ? alter(device.mapBar(index)) : device.mapBar(index)),
  };
}

export function alteredMmio(mmio: Mmio, altered: Partial<Mmio>): Mmio {
  return {
    size: mmio.size,
    read: (offset, width) => mmio.read(offset, width),
    write: (offset, width, value) => {
      mmio.write(offset, width, value);
    },
    writeBlock: (offset, bytes) => {
      mmio.writeBlock(offset, bytes);
    },
    readBlock: (offset, into) => {
      mmio.readBlock(offset, into);
    },
    ...altered,
  };
}

/** A device whose stores to a BAR pass through `alter`. */
export function alteredStores(device: PciDevice, bar: number, alter: AlterStore): PciDevice {
  return alteredBar(device, bar, (mmio) =>
    alteredMmio(mmio, {
      write: (offset, width, value) => {
        const stored = alter(offset, value, width);
        if (stored !== undefined) {
          mmio.write(offset, width, stored);
        }
      },
    }),
  );
}

/** A device whose configuration writes pass through `alter`. */
export function alteredConfig(device: PciDevice, alter: AlterStore): PciDevice {
  const { config } = device;
  const altered: ConfigPort = {
    read: (offset, width) => config.read(offset, width),
    write: (offset, width, value) => {
      const stored = alter(offset, value, width);
      if (stored !== undefined) {
        config.write(offset, width, stored);
      }
    },
  };
  return { ...device, config: altered };
}

export function alteredMemory(device: PciDevice, altered: Partial<Memory>): PciDevice {
  const { memory } = device;
  const passed: Memory = {
    load16: (address) => memory.load16(address),
    load32: (address) => memory.load32(address),
    store16: (address, value) => {
      memory.store16(address, value);
    },
    store32: (address, value) => {
      memory.store32(address, value);
    },
    acquire16: (address) => memory.acquire16(address),
    release16: (address, value) => {
      memory.release16(address, value);
    },
    fence: () => {
      memory.fence();
    },
    copyIn: (address, bytes) => {
      memory.copyIn(address, bytes);
    },
    copyOut: (address, into) => {
      memory.copyOut(address, into);
    },
    allocate: (bytes) => memory.allocate(bytes),
    free: (address) => {
      memory.free(address);
    },
  };
  return { ...device, memory: { ...passed, ...altered } };
}

export function alteredDma(device: PciDevice, altered: Partial<Dma>): PciDevice {
  const { dma } = device;
  const passed: Dma = {
    map: (address, bytes, direction) => dma.map(address, bytes, direction),
    unmap: (iova, bytes) => {
      dma.unmap(iova, bytes);
    },
    allocateCoherent: (bytes) => dma.allocateCoherent(bytes),
    freeCoherent: (memory) => {
      dma.freeCoherent(memory);
    },
  };
  return { ...device, dma: { ...passed, ...altered } };
}

/** A device whose interrupts are asked for, but whose handlers go missing. */
export function withoutHandlers(device: PciDevice): PciDevice {
  const { irq } = device;
  const altered: Irq = {
    request: (handler) => {
      const message = irq.request(handler);
      irq.release(message);
      return message;
    },
    requestLine: () => {},
    release: () => {},
    releaseLine: () => {},
  };
  return { ...device, irq: altered };
}

/** A device whose waits have no time limit. */
export function patient(device: PciDevice): PciDevice {
  const { clock } = device;
  const altered: Clock = {
    now: () => clock.now(),
    delay: (ns) => {
      clock.delay(ns);
    },
    sleep: (ns) => clock.sleep(ns),
    waitQueue: () => patientQueue(clock.waitQueue()),
  };
  return { ...device, clock: altered };
}

function patientQueue(queue: WaitQueue): WaitQueue {
  return {
    until: (condition, reason) => queue.until(condition, reason),
    wake: () => {
      queue.wake();
    },
  };
}
