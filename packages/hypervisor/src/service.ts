/**
 * What code that replay does without asks of the machine beside the ports of a computer: an
 * interrupt for a guest, a channel of a GPU. Each call is recorded, and made again in replay; what
 * it brings about is not recorded.
 */
import type { Machine } from './machine.ts';
import type { Crossing } from './recorder.ts';

/** @returns what is compared in replay; undefined: nothing. */
type Method = (a: number, b: number, c: number, d: number, bytes: Uint8Array) => number | undefined;

const NO_BYTES = new Uint8Array(0);

export class Service<Name extends string> {
  private readonly machine: Machine;
  private readonly number: number;
  private readonly names: readonly Name[];
  private readonly methods: Readonly<Record<Name, Method>>;

  /** @param methods  whatever they do, they do again: they use no ports of a computer. */
  constructor(machine: Machine, methods: Readonly<Record<Name, Method>>) {
    this.machine = machine;
    this.methods = methods;
    this.names = Object.keys(methods) as Name[];
    this.number = machine.addPlayer(this);
  }

  /** @throws what the method throws; it does so in replay as well. */
  call(name: Name, a = 0, b = 0, c = 0, d = 0, bytes: Uint8Array = NO_BYTES): number {
    const { recorder } = this.machine;
    if (recorder === undefined) {
      return this.methods[name](a, b, c, d, bytes) ?? 0;
    }
    let result = NaN;
    try {
      result = this.methods[name](a, b, c, d, bytes) ?? 0;
    } finally {
      recorder.add('call', this.number, this.names.indexOf(name), a, b, c, d);
      recorder.result(result, bytes);
    }
    return result;
  }

  /** Does again what was recorded. */
  play({ args: [method, a, b, c, d], bytes = NO_BYTES, result }: Crossing): number {
    try {
      return this.methods[this.names[method]](a, b, c, d, bytes) ?? 0;
    } catch (error) {
      // Whoever called it knew what to do about that.
      if (Number.isNaN(result)) {
        return NaN;
      }
      throw error;
    }
  }
}
