/** What registers are elsewhere, as requests to a device that answers over a link. */
import { deviceStatus, type FeatureSet, type QueueSetup } from '@doorbell/abi';
import {
  type AnsweredName,
  errorCodes,
  type Link,
  type RequestFields,
  type ResponseFields,
} from '@doorbell/wire';

/** The device went away, or was sent away; says why. */
export class TransportLost extends Error {
  override readonly name = 'TransportLost';
}

/** The part that transports over a link have in common. What is asked of a lost link is `TransportLost`. */
export abstract class RegisterRequests {
  /** 0, which is no kind (§5): not known yet. */
  deviceId = 0;
  /** Why the device said that it needs a reset; '' when it has not. */
  reason = '';
  protected configHandler: () => void = () => {};

  /** The one in use. */
  protected abstract readonly link: Link<'driver'>;

  /** @throws TransportLost, also when it is another kind of device than the one before. */
  protected async identify(): Promise<void> {
    const { deviceId } = await this.ask('DEVICE_INFO', {});
    if (this.deviceId !== 0 && deviceId !== this.deviceId) {
      this.link.close('This is another kind of device.');
      throw new TransportLost(`A device of kind ${deviceId} is there in place of the one lost.`);
    }
    this.deviceId = deviceId;
  }

  async readStatus(): Promise<number> {
    const answer = await this.link.ask('GET_DEVICE_STATUS', {});
    return answer?.status ?? deviceStatus.DEVICE_NEEDS_RESET;
  }

  /** Of a device that is lost, a reset is done: it has nothing of ours any more. */
  async writeStatus(status: number): Promise<void> {
    // A bit of the device's that the driver has read, of this device or of the one before it.
    const written = status & ~deviceStatus.DEVICE_NEEDS_RESET;
    const answer = await this.link.ask('SET_DEVICE_STATUS', { status: written });
    if (status === 0 && answer !== undefined && answer.status !== 0) {
      this.link.fail(errorCodes.UNEXPECTED, `The device reads ${answer.status} after a reset.`);
    }
  }

  async deviceFeatures(): Promise<FeatureSet> {
    return (await this.ask('GET_DEVICE_FEATURES', {})).features;
  }

  async setDriverFeatures(features: FeatureSet): Promise<void> {
    await this.ask('SET_DRIVER_FEATURES', { features });
  }

  async readConfig(offset: number, bytes: number): Promise<Uint8Array> {
    const { config } = await this.ask('GET_CONFIG', { offset, bytes });
    if (config.length !== bytes) {
      const reason = `GET_CONFIG of ${bytes} bytes gave ${config.length}.`;
      this.link.fail(errorCodes.UNEXPECTED, reason);
      throw new TransportLost(reason);
    }
    return config;
  }

  async writeConfig(offset: number, bytes: Uint8Array): Promise<void> {
    await this.ask('SET_CONFIG', { offset, config: bytes });
  }

  async maxQueueSize(queue: number): Promise<number> {
    return (await this.ask('GET_VQUEUE', { queue })).maxSize;
  }

  protected async setQueue(queue: number, setup: QueueSetup): Promise<void> {
    await this.ask('SET_VQUEUE', { queue, ...setup });
  }

  onConfigChange(handler: () => void): void {
    this.configHandler = handler;
  }

  /** Why the link has ended; undefined while it has not. */
  get lost(): string | undefined {
    return this.link.lost;
  }

  /** The device's own counters, and its end's. @throws TransportLost */
  async deviceCounts(): Promise<Readonly<Record<string, number>>> {
    return (await this.ask('STATS', {})).counts;
  }

  /** @throws TransportLost */
  private async ask<N extends AnsweredName>(
    name: N,
    fields: RequestFields<N>,
  ): Promise<ResponseFields<N>> {
    const answer = await this.link.ask(name, fields);
    if (answer === undefined) {
      throw new TransportLost(`The device is lost: ${this.link.lost ?? 'it did not answer.'}`);
    }
    return answer;
  }
}
