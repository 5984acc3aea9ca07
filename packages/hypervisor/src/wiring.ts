/** Devices, and how whoever plugs one in connects it. */
import type { DeviceHost, Display, PciEndpoint, Stateful } from '@doorbell/abi';
import type { PagedMemory } from '@doorbell/device-model';
import { DmaPath, type DmaPrices, type Requester, type Translation } from './bus-master.ts';
import type { Machine } from './machine.ts';

/** A device as whoever plugs it in sees it. */
export interface DeviceModel extends PciEndpoint, Stateful<unknown> {
  onTimer(id: number): void;
  /** A conventional reset: of configuration space, BARs, and all that the device does. */
  reset(): void;
}

/** Where a device's messages, DMA and pixels go. */
export interface DeviceWiring {
  readonly requester: Requester;
  readonly translation: Translation;
  readonly dmaPrices: DmaPrices;
  readonly display: Display;
  readonly message: (address: number, data: number) => void;
  readonly line: (high: boolean) => void;
  readonly decodeChanged: () => void;
}

/** Makes a device and connects it: DMA, timers, interrupts, pixels. */
export function wire<D extends DeviceModel>(
  machine: Machine,
  memory: PagedMemory,
  make: (host: DeviceHost) => D,
  wiring: DeviceWiring,
): D {
  const { tracer } = machine;
  const device: D = make({
    bus: new DmaPath(machine, wiring.requester, wiring.translation, memory, wiring.dmaPrices),
    timers: machine.timers((id) => {
      device.onTimer(id);
    }),
    // What a device does follows from what it did before: each of its events causes the next.
    trace: {
      event: (kind, a, b, c) => {
        const id = tracer.event(kind, a, b, c);
        tracer.cause = id === 0 ? tracer.cause : id;
        return id;
      },
      origin: () =>
        tracer.recording ? { request: tracer.request, cause: tracer.cause } : undefined,
      takeUp: ({ request, cause }) => {
        tracer.request = request;
        tracer.cause = cause;
      },
    },
    display: wiring.display,
    message: (address, data) => {
      wiring.message(address, data);
    },
    line: (high) => {
      wiring.line(high);
    },
    decodeChanged: () => {
      wiring.decodeChanged();
    },
  });
  return device;
}
