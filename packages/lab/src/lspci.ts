/** The PCI functions of a stack, as its drivers find them or as the physical machine has them. */
import { type Bdf, CONFIG_BYTES } from '@doorbell/abi';
import type { Profile } from '@doorbell/hypervisor';
import type { StackSpec } from './stack-spec.ts';
import { buildStack } from './stacks/index.ts';
import { alone } from './stacks/stack.ts';

export interface FunctionDump {
  readonly bdf: Bdf;
  /** All of configuration space. */
  readonly bytes: Uint8Array;
  /** Of the physical machine, with an IOMMU: the IOMMU group. */
  readonly group?: number;
  /** The host's driver that it is bound to. */
  readonly driver?: string;
}

/** In order of routing ID. `where`: the physical machine, or the one that the drivers are on. */
export function functionDumps(
  spec: StackSpec,
  profile: Profile,
  where: 'host' | 'drivers',
): readonly FunctionDump[] {
  const stack = buildStack(spec.kind.name, {
    profile,
    options: spec.options,
    guests: alone({ flip: () => undefined }),
  });
  const { host } = stack;
  const [{ computer }] = stack.guests;
  const seen = where === 'host' ? host.computer : computer;
  const members = seen === host.computer ? host.vfio.list().flatMap((one) => one.members) : [];
  return seen.parts.bus.functions().map(([at, endpoint]) => {
    const member = members.find(({ bdf }) => bdf === at);
    return {
      bdf: at,
      bytes: Uint8Array.from({ length: CONFIG_BYTES }, (_, offset) =>
        endpoint.configRead(offset, 1),
      ),
      ...(member === undefined ? {} : { group: member.group.id }),
      ...(member?.driver === undefined ? {} : { driver: member.driver.name }),
    };
  });
}
