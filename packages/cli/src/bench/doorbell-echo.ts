/** A device for `worker.roundtrip`: it answers each doorbell. */
import type { QueueSetup, VirtioDevice, VirtioHost } from '@doorbell/abi';
import type { ThreadDevice } from '@doorbell/pv-backend/node';

const none: QueueSetup = { size: 0, descriptors: 0, driver: 0, device: 0 };

export function createDevice(host: VirtioHost): ThreadDevice {
  const device: VirtioDevice = {
    deviceId: 16,
    queues: 1,
    features: 0n,
    driverFeatures: 0n,
    status: 0,
    writeStatus: () => {},
    reason: '',
    configGeneration: 0,
    readConfig: () => {},
    writeConfig: () => {},
    queue: () => ({ maxSize: 64, setup: none, enabled: false }),
    setQueue: () => {},
    enableQueue: () => {},
    resetQueue: () => {},
    notify: (queue) => {
      host.notifyDriver(queue);
    },
  };
  return { device };
}
