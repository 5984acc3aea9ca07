/**
 * Mediated devices: the host keeps bell, and gives each guest a share of it that looks like a bell.
 * Control registers and doorbells trap; page tables are shadowed; commands are read before they run.
 */
import {
  HostBell,
  MdevParent,
  mdevTypes,
  Vm,
  type mediations,
  type ShadowPolicy,
} from '@doorbell/hypervisor';
import { InputError } from '../input-error.ts';
import { needOwn, OWN } from '../own-parts.ts';
import { iommuPolicy } from './iommu-options.ts';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import { shareGpu } from './share-gpu.ts';
import {
  bellDriver,
  GUEST_GPU,
  sumBusy,
  vmOptions,
  type Stack,
  type StackGuest,
  type StackParts,
} from './stack.ts';

/** Of the first mediated device; the others' last digits go on from there. */
const UUID_START = '83b8f4f2-509f-382f-3c1e-e6bfe0fa';
const FIRST_UUID = 0x1001;

/** @throws InputError when there are not so many instances of the type. */
export function mdev(parts: StackParts): Stack {
  const { profile, options, guests } = parts;
  // The part's own screen shows nothing: each guest has one of its own.
  const nobody = { flip: () => undefined };
  const iommu = iommuPolicy(parts, 'iommu');
  const { host, bell } = physicalMachine({
    ...{ profile, display: nobody, iommu, guests: guests.length },
  });
  const parent = new MdevParent(new HostBell(host, HOST_GPU));
  checkInstances(parent, options.type, guests.length);
  const made = guests.map((_, index) => mediated(parent, parts, index));
  const cpus = made.map(({ cpu }) => cpu);
  const sharing = shareGpu(parts, host, [bell], cpus);
  // Clearing VRAM was part of the setup.
  const before = sumBusy([bell]);
  return {
    host,
    guests: made.map((guest, tenant) => ({ ...guest, gpu: { sharing, tenant } })),
    bells: [bell],
    busyNs: () => {
      const { copy, render, other } = bell.counts.busyNs;
      return {
        copy: copy - before.copy,
        render: render - before.render,
        other: other - before.other,
      };
    },
    keeper: parent,
  };

  function mediated(of: MdevParent, { guests: all, bug, own }: StackParts, index: number) {
    const uuid = `${UUID_START}${(FIRST_UUID + index).toString(16)}`;
    const device = of.create(options.type, uuid);
    const vm = new Vm(host, vmOptions(parts, index));
    vm.mediate(GUEST_GPU, device, {
      barRemap: options['bar-remap'] === 'on',
      shadow: shadowPolicy(parts),
      display: all[index].display,
    });
    vm.bus.assignBars();
    const { computer } = vm;
    return {
      ...{ vm, computer, cpu: computer.parts.cpu, bdf: GUEST_GPU },
      probe: bellDriver(computer, GUEST_GPU, { bug, own }),
    } satisfies Omit<StackGuest, 'gpu'>;
  }
}

/** @throws InputError when it is to be one's own, and there is none. */
function shadowPolicy({ options, own }: StackParts): ShadowPolicy {
  const { shadow } = options;
  return shadow === OWN ? needOwn(own, 'mediation') : (shadow as keyof typeof mediations);
}

function checkInstances(parent: MdevParent, name: string, guests: number): void {
  const left = parent.types().find((type) => type.name === name)?.available_instances ?? 0;
  if (guests <= left) {
    return;
  }
  const fitting = mdevTypes.find(({ name: other }) => instances(parent, other) >= guests);
  const advice =
    fitting === undefined
      ? `no type has more than ${Math.max(...mdevTypes.map(({ name: other }) => instances(parent, other)))}`
      : `use type=${fitting.name}`;
  throw new InputError(
    `'mdev': the GPU has ${left} instances of ${name}, too few for ${guests} guests: ${advice}.`,
  );
}

function instances(parent: MdevParent, name: string): number {
  return parent.types().find((type) => type.name === name)?.available_instances ?? 0;
}
