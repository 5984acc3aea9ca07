/** A virtio device without rings: each doorbell is answered, and what is more is asked by `options`. */
import type { QueueSetup, VirtioDevice, VirtioHost } from '@doorbell/abi';
import type { ThreadDevice, ThreadSurroundings } from '@doorbell/pv-backend/node';

/** What happens at a doorbell of queue 1; queue 0 always echoes. `stay`: it ignores a reset. */
interface EchoOptions {
  readonly then?: 'throw' | 'exit' | 'frame' | 'break' | 'spin' | 'stay';
}

/** An address that queue 0's doorbell counts up, and the one where a timer counts. */
export const ECHO_WORD = 64;
export const TIMER_WORD = 68;

const none: QueueSetup = { size: 0, descriptors: 0, driver: 0, device: 0 };

export function createDevice(
  host: VirtioHost,
  { display, options }: ThreadSurroundings,
): ThreadDevice {
  const { memory } = host;
  const { then } = (options ?? {}) as EchoOptions;
  if (then === 'spin') {
    setInterval(() => {
      memory.store32(TIMER_WORD, memory.load32(TIMER_WORD) + 1);
    }, 1);
  }
  let status = 0;
  let setup = none;
  let reason = '';
  const act = (): void => {
    switch (then) {
      case 'throw':
        throw new Error('a bug of the device');
      case 'exit':
        return process.exit(3);
      case 'frame':
        display.flip(
          Uint8Array.from({ length: 24 }, (_, i) => i),
          2,
          2,
          12,
        );
        return;
      case 'break':
        status |= 64;
        reason = 'as asked';
        host.configChanged();
        return;
      case 'spin':
      case 'stay':
      case undefined:
    }
  };
  const device: VirtioDevice = {
    deviceId: 16,
    queues: 2,
    features: (1n << 32n) | 5n,
    driverFeatures: 0n,
    get status() {
      return status;
    },
    writeStatus: (value) => {
      status = then === 'stay' && value === 0 ? status : value;
    },
    get reason() {
      return reason;
    },
    configGeneration: 7,
    readConfig: (offset, into) => {
      into.fill(offset);
    },
    writeConfig: (offset, bytes) => {
      memory.store32(offset, bytes[0]);
    },
    queue: (index) => ({ maxSize: 256 >> index, setup, enabled: setup !== none }),
    setQueue: (_index, wanted) => {
      setup = wanted;
    },
    enableQueue: () => {},
    resetQueue: () => {
      setup = none;
    },
    notify: (queue) => {
      if (queue === 1) {
        act();
      } else {
        memory.store32(ECHO_WORD, memory.load32(ECHO_WORD) + 1);
      }
      host.notifyDriver(queue);
    },
  };
  return { device, counts: () => ({ driverFeatures: Number(device.driverFeatures) }) };
}
