/** The text that names a stack with its options: `pv:ring=packed:batch=16`. */
import type { OptionChoice } from '../machine/contract.ts';

export function stackName(text: string): string {
  return text.split(':', 1)[0];
}

export function optionsOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text
      .split(':')
      .slice(1)
      .map((pair) => pair.split('=') as [string, string]),
  );
}

/** The same stack with one option as it is wanted; left out where that is how it is anyway. */
export function withOption(
  text: string,
  { name, default: usual }: Pick<OptionChoice, 'name' | 'default'>,
  value: string,
): string {
  const { [name]: _, ...others } = optionsOf(text);
  const options = value === usual ? others : { ...others, [name]: value };
  return [stackName(text), ...Object.entries(options).map((pair) => pair.join('='))].join(':');
}
