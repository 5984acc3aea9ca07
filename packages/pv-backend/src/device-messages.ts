/** A driver's messages that read and write what are registers elsewhere, as calls of the device. */
import type { VirtioDevice } from '@doorbell/abi';
import { errorCodes, type Handlers, Violation, VIRTIO_MSG_REVISION } from '@doorbell/wire';

type RegisterMessages = Pick<
  Handlers<'device'>,
  | 'DEVICE_INFO'
  | 'GET_DEVICE_FEATURES'
  | 'SET_DRIVER_FEATURES'
  | 'GET_CONFIG'
  | 'SET_CONFIG'
  | 'GET_DEVICE_STATUS'
  | 'GET_VQUEUE'
>;

/** @param device  asked for when a message comes: it may be made after its handlers. */
export function registerMessages(device: () => VirtioDevice): RegisterMessages {
  return {
    DEVICE_INFO: () => {
      const { deviceId, queues } = device();
      return { revision: VIRTIO_MSG_REVISION, deviceId, queues };
    },
    GET_DEVICE_FEATURES: () => ({ features: device().features }),
    SET_DRIVER_FEATURES: ({ features }) => {
      device().driverFeatures = features;
      return {};
    },
    GET_CONFIG: ({ offset, bytes }) => {
      const config = new Uint8Array(bytes);
      device().readConfig(offset, config);
      return { generation: device().configGeneration >>> 0, config };
    },
    SET_CONFIG: ({ offset, config }) => {
      device().writeConfig(offset, config);
      return {};
    },
    GET_DEVICE_STATUS: () => ({ status: device().status }),
    GET_VQUEUE: ({ queue }) => ({
      maxSize: queue < device().queues ? device().queue(queue).maxSize : 0,
    }),
  };
}

/** @throws Violation */
export function checkQueue({ queues }: VirtioDevice, queue: number): void {
  if (queue >= queues) {
    throw new Violation(errorCodes.UNEXPECTED, `There is no queue ${queue}.`);
  }
}

/** Whether a queue may be set up: not while it is enabled. @throws Violation */
export function checkFree(device: VirtioDevice, queue: number): void {
  checkQueue(device, queue);
  if (device.queue(queue).enabled) {
    throw new Violation(errorCodes.UNEXPECTED, `Queue ${queue} is enabled already.`);
  }
}
