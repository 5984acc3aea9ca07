/** The configuration spaces that the drivers of a stack find on their bus. */
import { CONFIG_BYTES, formatBdf } from '@doorbell/abi';
import type { Profile } from '@doorbell/hypervisor';
import type { StackSpec } from './stack-spec.ts';
import { buildStack } from './stacks/index.ts';

export interface ConfigSpaceDump {
  /** As lspci writes it: `00:02.0`. */
  readonly bdf: string;
  readonly bytes: Uint8Array;
}

export function configSpaces(spec: StackSpec, profile: Profile): readonly ConfigSpaceDump[] {
  const stack = buildStack(spec.kind.name, {
    profile,
    options: spec.options,
    display: { flip: () => undefined },
  });
  return stack.computer.parts.bus.functions().map(([at, endpoint]) => ({
    bdf: formatBdf(at),
    bytes: Uint8Array.from({ length: CONFIG_BYTES }, (_, offset) => endpoint.configRead(offset, 1)),
  }));
}
