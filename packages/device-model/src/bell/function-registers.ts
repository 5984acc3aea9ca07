/**
 * The registers of a function of bell: what they are and how they behave is the same for a physical
 * function, a virtual one and a mediated one. What they act on, its owner says.
 */
import {
  type AccessWidth,
  bellRegisters,
  type DeviceHost,
  extract,
  place,
  RegisterFile,
} from '@doorbell/abi';
import type { BarRegion } from '../bar.ts';

const { CAPS, CONTROL, ERROR, ERROR_ENABLE, ERROR_VECTOR, RESET, SCANOUT_FLIP, STATUS } =
  bellRegisters.rows;
const { TLB_INVALIDATE } = bellRegisters.rows;
/** Registers take any access, so that a wrong one can be told. */
export const ALL_WIDTHS: readonly AccessWidth[] = [1, 2, 4];

/** What the registers act on. */
export interface FunctionActions {
  readonly channels: () => number;
  readonly vramPages: () => number;
  /** Whether a packet of the function is being executed. */
  readonly isBusy: () => boolean;
  /** CONTROL was written. */
  readonly control: () => void;
  /** The function's channels and registers take their reset values. */
  readonly reset: () => void;
  /** Cached translations of one channel of the function are forgotten; undefined: of all of them. */
  readonly invalidate: (channel: number | undefined) => void;
  readonly flip: () => void;
  readonly signal: (vector: number) => void;
}

export class FunctionRegisters {
  readonly file: RegisterFile<typeof bellRegisters.rows>;
  private readonly host: DeviceHost;
  private readonly actions: FunctionActions;

  constructor(host: DeviceHost, actions: FunctionActions) {
    this.host = host;
    this.actions = actions;
    this.file = this.make();
  }

  get isEnabled(): boolean {
    return extract(CONTROL.bits.ENABLE, this.file.get('CONTROL')) === 1;
  }

  /** At the start of BAR0. */
  region(): BarRegion {
    return {
      base: 0,
      size: bellRegisters.size,
      widths: ALL_WIDTHS,
      read: (offset, width) => this.file.read(offset, width),
      write: (offset, width, value) => {
        if (!this.file.write(offset, width, value)) {
          this.reserved(offset);
        }
      },
    };
  }

  /** A write in BAR0 that no register takes. The first one counts, until software has seen it. */
  reserved(offset: number): void {
    const { file, actions } = this;
    const { mask } = ERROR.bits.RESERVED;
    if ((file.get('ERROR') & mask) !== 0) {
      return;
    }
    file.set('ERROR_OFFSET', offset);
    file.set('ERROR', mask);
    if ((file.get('ERROR_ENABLE') & ERROR_ENABLE.bits.RESERVED.mask) !== 0) {
      actions.signal(extract(ERROR_VECTOR.bits.VECTOR, file.get('ERROR_VECTOR')));
    }
  }

  private make(): RegisterFile<typeof bellRegisters.rows> {
    const { host, actions } = this;
    return new RegisterFile(bellRegisters, {
      CAPS: {
        read: () =>
          (CAPS.reset & ~CAPS.bits.CHANNELS.mask) | place(CAPS.bits.CHANNELS, actions.channels()),
      },
      VRAM_PAGES: { read: () => actions.vramPages() },
      CONTROL: {
        write: () => {
          actions.control();
        },
      },
      RESET: {
        write: (written) => {
          if ((written & RESET.bits.RESET.mask) !== 0) {
            host.trace.event('reset', -1, 0);
            actions.reset();
          }
        },
      },
      STATUS: { read: () => (actions.isBusy() ? STATUS.bits.BUSY.mask : 0) },
      TIME_LO: { read: () => this.readTime() },
      TLB_INVALIDATE: {
        write: (written) => {
          const { ALL, CHANNEL } = TLB_INVALIDATE.bits;
          actions.invalidate((written & ALL.mask) !== 0 ? undefined : extract(CHANNEL, written));
        },
      },
      SCANOUT_FLIP: {
        write: (written) => {
          if ((written & SCANOUT_FLIP.bits.FLIP.mask) !== 0) {
            actions.flip();
          }
        },
      },
    });
  }

  /** The high half is latched, so that the two belong together. */
  private readTime(): number {
    const now = Math.floor(this.host.timers.now());
    this.file.set('TIME_HI', Math.floor(now / 2 ** 32));
    return now % 2 ** 32;
  }
}
