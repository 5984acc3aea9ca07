/** Figures and bands as text. */
import type { Band } from './shape.ts';

/** Four digits, or all before the point: 12,345 and 0.01234. */
export function quantity(value: number): string {
  const rounded = Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
  const [whole, part] = String(rounded).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** `3 to 10`, `at least 90`, `at most 1.1`. */
export function bandText({ least, most }: Band): string {
  if (least !== undefined && most !== undefined) {
    return `${quantity(least)} to ${quantity(most)}`;
  }
  return least === undefined ? `at most ${quantity(most!)}` : `at least ${quantity(least)}`;
}
