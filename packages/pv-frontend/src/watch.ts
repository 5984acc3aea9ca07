/** Whether a device is of use still: by its queues, its status, its silence and its configuration. */
import { GPU_EVENT_DISPLAY, GpuError, virtioGpuConfig, type VirtioTransport } from '@doorbell/abi';
import type { Session } from './probe.ts';
import { TransportLost } from './register-requests.ts';
import { reasonOf } from './retry.ts';
import { lossOf } from './session.ts';
import type { Waiting } from './waiting.ts';

export class Watch {
  private readonly transport: VirtioTransport;
  private readonly waiting: Waiting;
  /** Commands that had ended at the last look, and looks since then that found no more. */
  private endedBefore = 0;
  private silences = 0;

  constructor(transport: VirtioTransport, waiting: Waiting) {
    this.transport = transport;
    this.waiting = waiting;
  }

  /** A session begins. */
  begin(): void {
    this.endedBefore = 0;
    this.silences = 0;
  }

  /**
   * Why the device is lost, if it is.
   * @param heard  false: nothing came for a second.
   * @param progress  what has ended beside commands.
   */
  async look(
    { control, cursor }: Session,
    heard: boolean,
    progress: number,
  ): Promise<GpuError | undefined> {
    const error = control.broken ?? cursor.broken;
    return (
      error ??
      (await lossOf(this.transport, this.silent(control.ended + progress, heard))) ??
      (await this.acknowledgeEvents())
    );
  }

  /** How often nothing had ended when one looked. */
  private silent(ended: number, heard: boolean): number {
    const progress = ended !== this.endedBefore;
    this.endedBefore = ended;
    this.silences = progress ? 0 : this.silences + (heard ? 0 : 1);
    return this.silences;
  }

  /** A device whose configuration cannot be read, although it is there, is lost. */
  private async acknowledgeEvents(): Promise<GpuError | undefined> {
    try {
      await this.clearEvents();
    } catch (error) {
      if (!(error instanceof TransportLost)) {
        return new GpuError('lost', `virtio-gpu: ${reasonOf(error)}`);
      }
      this.waiting.attention = true; // the device was lost just now: its status says so
    }
    return undefined;
  }

  /** §5.7.4: what is pending is cleared by writing it. Displays are asked for when somebody wants them. */
  private async clearEvents(): Promise<void> {
    const { events_read, events_clear } = virtioGpuConfig.offsets;
    const pending = await this.transport.readConfig(events_read, 4);
    if ((pending[0] & GPU_EVENT_DISPLAY) !== 0) {
      await this.transport.writeConfig(events_clear, Uint8Array.of(GPU_EVENT_DISPLAY, 0, 0, 0));
    }
  }
}
