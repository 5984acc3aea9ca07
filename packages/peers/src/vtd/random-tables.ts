/** Domains of all kinds, sound and damaged, and requests to them. */
import { PAGE_BYTES } from '@doorbell/abi';
import { type Domain, type IoAccess, IommuError } from '@doorbell/hypervisor';
import type { Random } from '../differential/random.ts';
import { contextDamage, damage, rootDamage, stepDamage } from './damage.ts';
import { contextOf, pathOf, rootOf } from './entries.ts';
import { FIELD_BYTES, type IommuRig } from './rig.ts';

const GIB = 0x4000_0000;
/** Of 1 GiB each; the third has the mailbox. */
const REGIONS = [0, 1, 3] as const;
const ACCESSES = 8;

interface Mapping {
  readonly iova: number;
  readonly bytes: number;
  /** Where the field begins in it, and how much of it is there. */
  readonly offset: number;
  readonly reach: number;
  readonly physical: number;
  readonly access: IoAccess;
}

interface Round {
  readonly what: string;
  readonly mappings: readonly Mapping[];
  readonly mend: () => void;
}

const sound = { what: 'sound tables', mend: () => {} } as const;

/** One domain, what is wrong with it, and some requests. */
export function playRound(rig: IommuRig, levels: 3 | 4, random: Random): void {
  const domain = rig.attachDomain(levels);
  const mappings = Array.from({ length: 6 }, () => mapOne(rig, domain, random)).filter(
    (mapping) => mapping !== undefined,
  );
  const round = { ...harm(rig, domain, mappings, random), mappings };
  let isWriting: boolean | undefined;
  for (let times = 0; times < ACCESSES; times++) {
    const write = random.chance(2);
    if (write !== isWriting) {
      // QEMU tells nothing of a request that a cached page refuses: see knownCases.
      rig.unit.invalidateAll();
      isWriting = write;
    }
    request(rig, round, write, random);
  }
  round.mend();
  rig.isWhole = true;
  rig.detachDomain(domain);
}

function mapOne(rig: IommuRig, { table }: Domain, random: Random): Mapping | undefined {
  const access = random.pick<IoAccess>([
    { read: true, write: true },
    { read: true, write: true },
    { read: true, write: false },
    { read: false, write: true },
  ]);
  const region = random.pick(REGIONS) * GIB;
  const wish = random.pick([PAGE_BYTES, PAGE_BYTES, PAGE_BYTES, FIELD_BYTES, GIB]);
  const mapping = place(rig, region, wish, random);
  const physical = wish === GIB ? 0 : rig.field + mapping.from;
  try {
    table.map(mapping.iova, physical, mapping.bytes, access);
  } catch (error) {
    if (error instanceof IommuError && error.errno === 'EEXIST') {
      return undefined;
    }
    throw error;
  }
  return { ...mapping, physical, access };
}

function place(
  { field }: IommuRig,
  region: number,
  wish: number,
  random: Random,
): Omit<Mapping, 'physical' | 'access'> & { readonly from: number } {
  if (wish === GIB) {
    return { iova: region, bytes: GIB, offset: field, reach: FIELD_BYTES, from: 0 };
  }
  if (wish === FIELD_BYTES) {
    const iova = region + random.below(16) * FIELD_BYTES;
    // One page off, it takes pages of 4 KiB.
    const from = random.pick([0, PAGE_BYTES]);
    return { iova, bytes: FIELD_BYTES, offset: 0, reach: FIELD_BYTES - from, from };
  }
  const bytes = (1 + random.below(4)) * PAGE_BYTES;
  const from = random.below((FIELD_BYTES - bytes) / PAGE_BYTES) * PAGE_BYTES;
  const iova = region + random.below((16 * FIELD_BYTES) / PAGE_BYTES) * PAGE_BYTES;
  return { iova, bytes, offset: 0, reach: bytes, from };
}

/** Damages what the mailbox does not need, or says that it cannot be reached. */
function harm(
  rig: IommuRig,
  { table }: Domain,
  mappings: readonly Mapping[],
  random: Random,
): Pick<Round, 'what' | 'mend'> {
  const { memory, iommu, edu } = rig;
  const kind = random.below(4);
  if (kind === 0 || mappings.length === 0) {
    return sound;
  }
  if (kind === 1) {
    const isRoot = random.chance(3);
    const entry = isRoot ? rootOf(iommu.rootTable, edu) : contextOf(memory, iommu.rootTable, edu);
    const [what, change] = random.pick(Object.entries(isRoot ? rootDamage : contextDamage));
    rig.isWhole = false;
    return { what, mend: damage(memory, entry, change, random) };
  }
  // What allows less than the request asks has an order of checks of its own: see knownCases.
  const { iova } = random.pick(mappings);
  const steps = pathOf(memory, table.root, table.levels, iova).filter(
    ({ at, level }) => level <= 3 && (memory.words[at] & 3) === 3,
  );
  if (steps.length === 0) {
    return sound;
  }
  const step = random.pick(steps);
  const [what, change] = random.pick(Object.entries(stepDamage(step)));
  return { what: `level ${step.level}: ${what}`, mend: damage(memory, step, change, random) };
}

function request(rig: IommuRig, round: Round, write: boolean, random: Random): void {
  const { mappings, what } = round;
  const mapping = mappings.length > 0 && !random.chance(6) ? random.pick(mappings) : undefined;
  const bytes = 1 + random.below(96);
  const iova =
    mapping === undefined
      ? random.pick(REGIONS) * GIB + 0x3000_0000 + random.below(0x800_0000)
      : within(mapping, bytes, random);
  if (what === sound.what) {
    rig.compareMapped(iova, write, reached(mappings, iova, write));
  }
  if (write) {
    rig.write(what, iova, bytes);
  } else {
    rig.read(what, iova, bytes);
  }
}

/** At times across the end, into what may be mapped otherwise or not at all. */
function within({ iova, bytes, offset, reach }: Mapping, count: number, random: Random): number {
  const past = offset + reach < bytes ? 0 : random.pick([0, 0, count >> 1]);
  const from = random.chance(2) ? reach - count + past : random.below(reach - count);
  return iova + offset + from;
}

/** What was asked of the tables, without a look at them; -1: nothing. */
function reached(mappings: readonly Mapping[], iova: number, write: boolean): number {
  const found = mappings.find((at) => iova >= at.iova && iova < at.iova + at.bytes);
  return found !== undefined && (write ? found.access.write : found.access.read)
    ? found.physical + iova - found.iova
    : -1;
}
