/** What a backend sends of the pointer, overheard on the GPU socket: the last message that QEMU gets. */
import type { Libc } from '../native/libc.ts';
import {
  gpuCursorPos,
  gpuCursorUpdate,
  gpuHeader,
  gpuRequests,
} from '../vhost-user/gpu-messages.ts';

const { CURSOR_POS, CURSOR_POS_HIDE, CURSOR_UPDATE } = gpuRequests;
const sizes: ReadonlyMap<number, number> = new Map([
  [CURSOR_POS, gpuCursorPos.size],
  [CURSOR_POS_HIDE, gpuCursorPos.size],
  [CURSOR_UPDATE, gpuCursorUpdate.size],
]);

interface GpuMessage {
  readonly request: number;
  readonly payload: Uint8Array;
}

export class SentCursor {
  private last: GpuMessage | undefined;
  private readonly message = new Uint8Array(gpuHeader.size + gpuCursorUpdate.size);
  private length = 0;
  /** Of a message that is of something else: bytes to come. */
  private others = 0;

  /** @param vhost  the other socket, of which nothing is heard. */
  overhear(libc: Libc, vhost: number): Libc {
    return {
      ...libc,
      offer: (socket, bytes, descriptors) => {
        const sent = libc.offer(socket, bytes, descriptors);
        if (socket !== vhost) {
          this.hear(bytes.subarray(0, sent));
        }
        return sent;
      },
    };
  }

  /** Bytes of the GPU socket, in whatever pieces. */
  hear(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const others = Math.min(this.others, bytes.length - at);
      this.others -= others;
      at += others;
      const part = bytes.subarray(at, at + this.wanted - this.length);
      this.message.set(part, this.length);
      this.length += part.length;
      at += part.length;
      this.take();
    }
  }

  /** Up to where a message is kept. */
  private get wanted(): number {
    const head = gpuHeader.size;
    return this.length < head ? head : head + gpuHeader.decode(this.message).size;
  }

  private take(): void {
    if (this.length < gpuHeader.size) {
      return;
    }
    const { request, size } = gpuHeader.decode(this.message);
    if (sizes.get(request) !== size) {
      this.others = size;
      this.length = 0;
    } else if (this.length === this.wanted) {
      this.last = { request, payload: this.message.slice(gpuHeader.size, this.length) };
      this.length = 0;
    }
  }

  /** The last message, in words. @param pixels  what its image should be: B, G, R, A. */
  describe(pixels: Uint8Array): string {
    if (this.last === undefined) {
      return 'nothing was sent';
    }
    const { request, payload } = this.last;
    const place = placeText(gpuCursorPos.decode(payload));
    if (request !== CURSOR_UPDATE) {
      return `${request === CURSOR_POS ? 'moved' : 'hidden'} ${place}`;
    }
    const { hotX, hotY, cursor } = gpuCursorUpdate.decode(payload);
    const differing = cursor.filter((byte, index) => byte !== pixels[index]).length;
    return `shown ${place}, hotspot ${hotX}, ${hotY}, ${differing} bytes differ`;
  }
}

function placeText({ scanout, x, y }: ReturnType<typeof gpuCursorPos.decode>): string {
  return `at ${x}, ${y} of scanout ${scanout}`;
}
