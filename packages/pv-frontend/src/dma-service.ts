/** Serves the reads and writes of a device elsewhere, through the machine's IOMMU. */
import type { BusMaster } from '@doorbell/abi';
import {
  errorCodes,
  type Link,
  MAX_DMA_REQUESTS,
  openReadResponse,
  type RequestFields,
  Violation,
} from '@doorbell/wire';

export class DmaService {
  private readonly link: Link<'driver'>;
  private readonly bus: BusMaster;
  /** In order; they wait while much waits to be sent. */
  private readonly waiting: (() => void)[] = [];
  private running = false;

  constructor(link: Link<'driver'>, bus: BusMaster) {
    this.link = link;
    this.bus = bus;
  }

  read({ iova, bytes }: RequestFields<'READ'>, token: number): undefined {
    this.queue(() => {
      this.answerRead(iova, bytes, token);
    });
  }

  write({ iova, data }: RequestFields<'WRITE'>, token: number): undefined {
    this.queue(() => {
      const done = this.bus.write(iova, data);
      this.link.counts.bytesWritten += done ? data.length : 0;
      this.link.answer('WRITE', token, { refused: done ? 0 : 1 });
    });
  }

  private answerRead(iova: number, bytes: number, token: number): void {
    const { message, data } = openReadResponse(token, bytes);
    if (this.bus.read(iova, data)) {
      this.link.counts.bytesRead += bytes;
      this.link.post(message);
    } else {
      this.link.answer('READ', token, { refused: 1, data: new Uint8Array(0) });
    }
  }

  private queue(request: () => void): void {
    this.waiting.push(request);
    if (this.waiting.length > MAX_DMA_REQUESTS) {
      throw new Violation(
        errorCodes.LIMIT,
        `More than ${MAX_DMA_REQUESTS} reads and writes are under way.`,
      );
    }
    if (!this.running) {
      void this.run();
    }
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0 && this.link.lost === undefined) {
      if (this.link.full) {
        await this.link.drained();
      } else {
        this.waiting.shift()?.();
      }
    }
    this.running = false;
  }
}
