/** The scanouts' modes, and the device's configuration (VIRTIO 1.3 §5.7.4). */
import {
  displayOne,
  type Decoded,
  EDID_BYTES_MAX,
  encodeEdid,
  GPU_EVENT_DISPLAY,
  MAX_SCANOUTS,
  virtioGpuConfig,
} from '@doorbell/abi';

/** What the display says of itself. */
const MANUFACTURER = 'DBL';
const PRODUCT = 0x1050;
const NAME = 'Doorbell';

type DisplayOne = Decoded<(typeof displayOne)['fields']>;

function edidOf(width: number, height: number): Uint8Array {
  return encodeEdid(MANUFACTURER, PRODUCT, NAME, width, height);
}

export class DisplayConfig {
  readonly scanouts: number;
  private width: number;
  private height: number;
  private block: Uint8Array;
  private eventsRead = 0;

  /** @throws RangeError unless there are 1 to 16 scanouts, and an EDID can hold the mode. */
  constructor(width: number, height: number, scanouts: number) {
    if (!Number.isInteger(scanouts) || scanouts < 1 || scanouts > MAX_SCANOUTS) {
      throw new RangeError(`A virtio-gpu has 1 to ${MAX_SCANOUTS} scanouts, not ${scanouts}.`);
    }
    this.width = width;
    this.height = height;
    this.block = edidOf(width, height);
    this.scanouts = scanouts;
  }

  /** The display prefers another mode from now on. @throws RangeError when an EDID cannot hold it. */
  resize(width: number, height: number): void {
    this.block = edidOf(width, height);
    this.width = width;
    this.height = height;
    this.eventsRead |= GPU_EVENT_DISPLAY;
  }

  /** Every scanout's mode: the first has a display, the others have none. */
  modes(): DisplayOne[] {
    return Array.from({ length: MAX_SCANOUTS }, (_, index) => this.mode(index === 0));
  }

  private mode(isEnabled: boolean): DisplayOne {
    const [width, height] = isEnabled ? [this.width, this.height] : [0, 0];
    return { r: { x: 0, y: 0, width, height }, enabled: isEnabled ? 1 : 0, flags: 0 };
  }

  /** One block, in room for eight. */
  edid(): { readonly size: number; readonly edid: Uint8Array } {
    const edid = new Uint8Array(EDID_BYTES_MAX);
    edid.set(this.block);
    return { size: this.block.length, edid };
  }

  /** Beyond the end: zeros. */
  read(capsets: number, offset: number, into: Uint8Array): void {
    const config = virtioGpuConfig.encode({
      events_read: this.eventsRead,
      events_clear: 0,
      num_scanouts: this.scanouts,
      num_capsets: capsets,
    });
    into.fill(0);
    into.set(config.subarray(offset, offset + into.length));
  }

  /** §5.7.4: what is written to `events_clear` is cleared in `events_read`; the rest is read-only. */
  write(offset: number, bytes: Uint8Array): void {
    const config = new Uint8Array(virtioGpuConfig.size);
    config.set(
      bytes.subarray(0, Math.max(0, config.length - offset)),
      Math.min(offset, config.length),
    );
    this.eventsRead &= ~virtioGpuConfig.decode(config).events_clear;
  }
}
