/** How the driver of one function asks for its interrupts. */
import type { Irq, IrqMessage } from '@doorbell/abi';
import type { Crossings } from './crossings.ts';
import type { InterruptController } from './interrupt-controller.ts';

export class InterruptPort implements Irq {
  private readonly crossings: Crossings;
  private readonly interrupts: InterruptController;
  private readonly line: number;

  /** @param line  the function's INTx line, a number of the interrupt controller. */
  constructor(crossings: Crossings, interrupts: InterruptController, line: number) {
    this.crossings = crossings;
    this.interrupts = interrupts;
    this.line = line;
  }

  request(handler: () => void): IrqMessage {
    const message = this.interrupts.request(handler);
    this.crossings.note('irqRequest', 0, 0, 0, 0, undefined, message.data);
    return message;
  }

  release(message: IrqMessage): void {
    this.interrupts.release(message);
    this.crossings.note('irqRelease', message.data);
  }

  requestLine(handler: () => void): void {
    this.interrupts.handleLine(this.line, handler);
    this.crossings.note('lineRequest', this.line);
  }

  releaseLine(): void {
    this.interrupts.handleLine(this.line, undefined);
    this.crossings.note('lineRelease', this.line);
  }
}
