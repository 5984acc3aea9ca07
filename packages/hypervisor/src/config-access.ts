/** A CPU's accesses to the configuration space of one function. In a guest, each is an exit. */
import {
  crossing,
  type AccessWidth,
  type Bdf,
  type ConfigPort,
  type PciEndpoint,
} from '@doorbell/abi';
import type { Crossings } from './crossings.ts';
import { cost } from './profile.ts';

export class ConfigAccess implements ConfigPort {
  private readonly crossings: Crossings;
  private readonly at: Bdf;
  private readonly endpoint: PciEndpoint;
  private readonly virtual: boolean;

  constructor(crossings: Crossings, at: Bdf, endpoint: PciEndpoint, virtual: boolean) {
    this.crossings = crossings;
    this.at = at;
    this.endpoint = endpoint;
    this.virtual = virtual;
  }

  read(offset: number, width: AccessWidth): number {
    const { crossings } = this;
    crossings.deliver();
    const { tracer } = crossings.machine;
    const { cause } = tracer;
    const id = crossings.access('configRead', offset, 0, this.crossed(width));
    this.enter(offset);
    const value = this.endpoint.configRead(offset, width);
    tracer.amend(id, value);
    tracer.cause = cause;
    crossings.note('configRead', this.at, offset, width, 0, undefined, value);
    crossings.machine.polls.read(offset, value);
    return value;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    const { crossings } = this;
    crossings.deliver();
    const { tracer } = crossings.machine;
    const { cause } = tracer;
    crossings.machine.polls.changed();
    crossings.access('configWrite', offset, value, this.crossed(width));
    this.enter(offset);
    this.endpoint.configWrite(offset, width, value);
    tracer.cause = cause;
    crossings.note('configWrite', this.at, offset, width, value);
  }

  private crossed(width: AccessWidth): number {
    return this.virtual ? crossing.none : crossing.of(this.at, width);
  }

  /** Pays for the way to the function. */
  private enter(offset: number): void {
    if (this.virtual) {
      this.crossings.trap('config', cost['exit.config'], offset);
    } else {
      this.crossings.machine.charge(cost['config.access'], 1, 1);
    }
  }
}
