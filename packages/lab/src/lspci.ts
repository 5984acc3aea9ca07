/** The configuration spaces on the buses of a stack. */
import { CONFIG_BYTES, formatBdf } from '@doorbell/abi';
import type { Profile } from '@doorbell/hypervisor';
import type { StackSpec } from './stack-spec.ts';
import { buildStack } from './stacks/index.ts';

export interface ConfigSpaceDump {
  /** As lspci writes it: `00:02.0`. */
  readonly bdf: string;
  readonly bytes: Uint8Array;
}

/**
 * @param view  `driver`: as the stack's driver finds them, in the guest if there is one. `host`: as
 * the functions of the host themselves have them: a virtual function has no ids, and BARs of zero.
 */
export function configSpaces(
  spec: StackSpec,
  profile: Profile,
  view: 'driver' | 'host' = 'driver',
): readonly ConfigSpaceDump[] {
  const stack = buildStack(spec.kind.name, {
    profile,
    options: spec.options,
    display: { flip: () => undefined },
  });
  const bus = view === 'host' ? stack.host.bus : stack.computer.parts.bus;
  return bus.functions().map(([at, endpoint]) => ({
    bdf: formatBdf(at),
    bytes: Uint8Array.from({ length: CONFIG_BYTES }, (_, offset) => endpoint.configRead(offset, 1)),
  }));
}
