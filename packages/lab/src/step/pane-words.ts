/** A register, a number and a function's address in words. */
import { bdf, type Bdf } from '@doorbell/abi';
import { InputError } from '../input-error.ts';
import type { RegisterView } from './inspect/registers.ts';

/** `STATUS = 0x2 (STATE=2)`. */
export function describe({ name, value, bits }: RegisterView): string {
  const fields = bits.map((field) => `${field.name}=${field.value}`);
  return `${name} = 0x${value.toString(16)}${fields.length === 0 ? '' : ` (${fields.join(' ')})`}`;
}

/** @param what  it is to be. @throws InputError */
export function parseNumber(text: string | undefined, what: string): number {
  const value = text !== undefined && /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : NaN;
  if (Number.isNaN(value)) {
    throw new InputError(`'${text ?? ''}' is no ${what}: give a number such as 12 or 0x1000.`);
  }
  return value;
}

/** @throws InputError */
export function parseBdfText(text: string): Bdf {
  const [, bus, device, fn] = /^([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/i.exec(text) ?? [];
  if (bus === undefined || device === undefined || fn === undefined) {
    throw new InputError(`'${text}' is no function: write it as 01:00.0.`);
  }
  return bdf(Number.parseInt(bus, 16), Number.parseInt(device, 16), Number(fn));
}
