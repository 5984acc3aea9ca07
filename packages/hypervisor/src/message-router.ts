/**
 * Takes messages straight to functions of the hypervisor: what VFIO's interrupt handler and
 * irqfd do between a physical interrupt and a guest. What that costs the guest is counted where
 * the guest is given the interrupt.
 */
import type { Bdf, Irq, IrqMessage, Stateful } from '@doorbell/abi';

/** Messages for APIC ID 1: the host's, not a driver's. */
export const ROUTED_ADDRESS = 0xfee01000;

export interface HostIrq extends Irq {
  /** Gives a message that was handed out before the state was saved its handler again. */
  adopt(message: IrqMessage, handler: () => void): void;
}

const nobody = (): void => {};

/** Its state is the data of the messages that are handed out. */
export class MessageRouter implements Stateful<readonly number[]> {
  private readonly targets = new Map<number, () => void>();
  /** INTx by function; who has it asks for it again after load. */
  private readonly lines = new Map<Bdf, () => void>();

  /** What a function's interrupts are asked for by: messages of any, and its own line. */
  port(at: Bdf): HostIrq {
    return {
      request: (handler) => this.request(handler),
      adopt: (message, handler) => {
        this.adopt(message, handler);
      },
      release: (message) => {
        this.release(message);
      },
      requestLine: (handler) => {
        this.lines.set(at, handler);
      },
      releaseLine: () => {
        this.lines.delete(at);
      },
    };
  }

  request(handler: () => void): IrqMessage {
    let data = 0;
    while (this.targets.has(data)) {
      data++;
    }
    this.targets.set(data, handler);
    return { address: ROUTED_ADDRESS, data };
  }

  adopt(message: IrqMessage, handler: () => void): void {
    this.targets.set(message.data, handler);
  }

  release(message: IrqMessage): void {
    this.targets.delete(message.data);
  }

  signal(data: number): void {
    this.targets.get(data)?.();
  }

  /** A function's line has changed. False: nobody has asked for it here. */
  signalLine(at: Bdf, high: boolean): boolean {
    const handler = this.lines.get(at);
    if (high) {
      handler?.();
    }
    return handler !== undefined;
  }

  save(): readonly number[] {
    return [...this.targets.keys()].sort((a, b) => a - b);
  }

  /** Who had the messages adopts them after. */
  load(state: readonly number[]): void {
    this.targets.clear();
    state.forEach((data) => this.targets.set(data, nobody));
  }
}
