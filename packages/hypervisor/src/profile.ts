/**
 * Cost profiles: what each operation takes, in nanoseconds. A profile is a JSON file in which
 * every constant carries its source, and whether that source was checked.
 */
import arm64 from '../profiles/arm64-kvm.json' with { type: 'json' };
import free from '../profiles/free.json' with { type: 'json' };
import kvm from '../profiles/kvm-x86.json' with { type: 'json' };
import xen from '../profiles/xen-x86-2014.json' with { type: 'json' };

/** Every cost, with what it is the price of. `engine.*` is bell in hardware, `software.*` bell in software. */
export const costs = {
  'driver.call': 'One call of the Gpu API into the driver',
  'driver.load': 'One load or store of the driver in RAM',
  'driver.copyByte': 'One byte that the CPU copies',
  'driver.handler': 'Entering and leaving an interrupt handler',
  'driver.wakeup': 'Waking a thread that waits',
  'driver.poll':
    'One look of a CPU that looks again and again; the time between two looks is booked here too',
  'driver.dmaMap': 'The DMA API maps or unmaps a range',
  'mmio.read': 'A read of a device register: a round trip over PCI Express',
  'mmio.write': 'A posted write of a device register',
  'mmio.blockByte': 'One byte of a write-combined block store, or of a block load',
  'config.access': 'A configuration access',
  'exit.mmio': 'A trap for an access to a register, there and back',
  'exit.ioeventfd': 'A trap for a store to a doorbell that the kernel forwards by itself',
  'exit.config': 'A trap for a configuration access, there and back',
  'exit.interrupt': 'An exit because a physical interrupt arrived',
  'exit.injection': 'Injecting a virtual interrupt',
  'exit.eoi': 'A trap for the end of an interrupt',
  'emulation.access': 'The device model serves one access',
  'interrupt.delivery': 'A physical interrupt reaches its CPU',
  'interrupt.posted': 'A posted interrupt reaches its guest',
  'vfio.mapPage': 'VFIO pins and maps one page',
  'vfio.pinPage': 'VFIO pins one page for a mediated device',
  'viommu.entry': "The host reads one entry of a guest's IOMMU tables",
  'viommu.call': "The device model has VFIO map or unmap one range for a guest's IOMMU",
  'mdev.sync': "A comparison of a guest's GPU page tables with their shadow, but for reading them",
  'mdev.entry': "One entry of a guest's GPU page tables checked and translated",
  'mdev.packet': 'One packet of a guest checked before it runs',
  'iommu.hit': 'A translation that the IOTLB knows',
  'iommu.walkLevel': 'One level of a table walk',
  'iommu.invalidate': 'An invalidation of the IOTLB, waited for',
  'iommu.mapPage': 'Writing one table entry',
  'dma.transfer': 'A DMA transfer, whatever its size',
  'dma.byte': 'One byte of a DMA transfer',
  'engine.packet': 'Fetching and decoding a packet',
  'engine.fillByte': 'One byte filled',
  'engine.copyByte': 'One byte copied',
  'engine.blitPixel': 'One pixel scaled and blended',
  'engine.vertex': 'One vertex transformed and lit',
  'engine.triangle': 'One triangle set up',
  'engine.pixel': 'One pixel tested or drawn',
  'engine.tlbMiss': "A walk of the GPU's page tables",
  'engine.tenantSwitch': "The engines take in another guest's context",
  'software.packet': 'The same, by a device model on the CPU',
  'software.fillByte': 'The same, by a device model on the CPU',
  'software.copyByte': 'The same, by a device model on the CPU',
  'software.blitPixel': 'The same, by a device model on the CPU',
  'software.vertex': 'The same, by a device model on the CPU',
  'software.triangle': 'The same, by a device model on the CPU',
  'software.pixel': 'The same, by a device model on the CPU',
  'software.tlbMiss': 'The same, by a device model on the CPU',
} as const;

export type CostName = keyof typeof costs;
export const costNames = Object.keys(costs) as CostName[];

/** A cost's place in `costNames`: hot paths name costs by it. */
export const cost = Object.fromEntries(costNames.map((name, index) => [name, index])) as Readonly<
  Record<CostName, number>
>;

export interface CostConstant {
  /** In `unit`. */
  readonly value: number;
  readonly unit: 'ns';
  /** Where the value comes from: a publication and its table, or what it was estimated from. */
  readonly source: string;
  /** Whether someone looked the value up at its source. */
  readonly verified: boolean;
}

export interface Profile {
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
  readonly constants: Readonly<Record<CostName, CostConstant>>;
}

export class ProfileError extends Error {
  override readonly name = 'ProfileError';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseConstant(name: string, raw: unknown): CostConstant {
  if (!isRecord(raw)) {
    throw new ProfileError(
      `The profile lacks the constant '${name}' (${costs[name as CostName]}).`,
    );
  }
  const { value, unit, source, verified } = raw;
  if (typeof value !== 'number' || !(value >= 0 && value <= 1e9)) {
    throw new ProfileError(`The profile's '${name}' needs a value from 0 to 1e9.`);
  }
  if (unit !== 'ns') {
    throw new ProfileError(`The profile's '${name}' must be in the unit 'ns'.`);
  }
  if (typeof source !== 'string' || source === '' || typeof verified !== 'boolean') {
    throw new ProfileError(
      `The profile's '${name}' needs a source and a 'verified' of true or false.`,
    );
  }
  return { value, unit, source, verified };
}

/** What is printed must not steer the terminal, nor look like more than one line. */
function checkText(key: string, text: string): void {
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) {
    throw new ProfileError(`The profile's '${key}' has a control character.`);
  }
}

/** Checks what a profile's file holds. @throws ProfileError that names the first thing wrong. */
export function parseProfile(raw: unknown): Profile {
  if (!isRecord(raw) || typeof raw.name !== 'string' || typeof raw.doc !== 'string') {
    throw new ProfileError("A profile is an object with 'name', 'doc' and 'constants'.");
  }
  checkText('name', raw.name);
  checkText('doc', raw.doc);
  const extra = Object.keys(raw).find((key) => !['name', 'doc', 'constants'].includes(key));
  if (extra !== undefined) {
    throw new ProfileError(`A profile has 'name', 'doc' and 'constants', and no '${extra}'.`);
  }
  const given = raw.constants;
  if (!isRecord(given)) {
    throw new ProfileError("A profile is an object with 'name', 'doc' and 'constants'.");
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(costs, name));
  if (unknown !== undefined) {
    throw new ProfileError(`There is no cost '${unknown}'.`);
  }
  const constants = Object.fromEntries(
    costNames.map((name) => [name, parseConstant(name, given[name])]),
  ) as Record<CostName, CostConstant>;
  return { name: raw.name, doc: raw.doc, constants };
}

/** The profiles that ship, by name; the first is the default. */
export const profiles: ReadonlyMap<string, Profile> = new Map(
  [kvm, xen, arm64, free].map(parseProfile).map((profile) => [profile.name, profile]),
);
