/** A packet's fields by name, and how far its references reach: both as the abi has them. */
import { type CommandField, type CommandName, commands, drawPackets } from '@doorbell/abi';

export type Arguments<N extends CommandName> = {
  readonly [K in keyof (typeof drawPackets)[N]['at']]: number;
};

/** The fields of the packet that begins at `base` of `words`. */
export function argumentsOf<N extends CommandName>(
  name: N,
  words: Uint32Array,
  base = 0,
): Arguments<N> {
  const found: Record<string, number> = {};
  for (const [field, at] of Object.entries<number>(drawPackets[name].at)) {
    found[field] = words[base + at];
  }
  return found as Arguments<N>;
}

/** Bytes that a packet touches from one of its references on. */
export function extentOf<N extends CommandName>(
  name: N,
  field: keyof Arguments<N> & string,
  values: Arguments<N>,
): number {
  const row = (commands[name].fields as Readonly<Record<string, CommandField>>)[field];
  return row.extent?.((key) => values[key as keyof Arguments<N>]) ?? 0;
}
