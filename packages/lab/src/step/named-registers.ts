/**
 * Registers by name and by the address that a CPU has them at, as the firmware of the machine and of
 * each guest placed them: found in a state of the recorded machine.
 */
import {
  barOffset,
  bellBars,
  bochsBars,
  bochsExtended,
  bochsWindow,
  dispiRegisters,
  eduBars,
  eduRegisters,
  type0Header,
  virtioCommonConfig,
  virtioIsr,
  virtioPciLayout,
  type RegisterRow,
} from '@doorbell/abi';
import { InputError } from '../input-error.ts';
import { bankAt, bellBanks, type Bank, type Registers } from '../registers.ts';
import type { StackState } from '../stacks/stack.ts';
import { functionsOf, type DeviceKind } from './inspect/saved.ts';
import { nearest } from '../nearest.ts';

const eduBanks: readonly Bank[] = [
  {
    ...{ bar: eduBars.REGISTERS.index, base: 0, stride: eduRegisters.size, count: 1 },
    ...{ label: '', map: eduRegisters },
  },
];
const { BAR, COMMON, ISR, NOTIFY, PART_BYTES } = virtioPciLayout;
const notify: Registers = {
  names: ['NOTIFY'],
  rows: {
    NOTIFY: { offset: 0, width: 2, access: 'WO', reset: 0, doc: 'A queue has new buffers.' },
  },
  indexAt: (offset) => (offset === 0 ? 0 : -1),
};
const virtioBanks: readonly Bank[] = [
  { bar: BAR, base: COMMON, stride: PART_BYTES, count: 1, label: '', map: virtioCommonConfig },
  { bar: BAR, base: ISR, stride: PART_BYTES, count: 1, label: 'isr', map: virtioIsr },
  {
    ...{ bar: BAR, base: NOTIFY, stride: virtioPciLayout.NOTIFY_MULTIPLIER, count: 1024 },
    ...{ label: 'queue', map: notify },
  },
];
const { index: BOCHS_BAR } = bochsBars.REGISTERS;
const bochsBanks: readonly Bank[] = [
  {
    ...{ bar: BOCHS_BAR, base: bochsWindow.dispi, stride: dispiRegisters.size, count: 1 },
    ...{ label: 'dispi', map: dispiRegisters },
  },
  {
    ...{ bar: BOCHS_BAR, base: bochsWindow.extended, stride: bochsExtended.size, count: 1 },
    ...{ label: 'bochs', map: bochsExtended },
  },
];
/** What a BAR belongs to. */
export const barKinds = [
  ...(['bell', 'edu', 'virtio', 'bridge', 'other', 'bochs-display'] as const),
] as const satisfies readonly (DeviceKind | 'bochs-display')[];
type BarKind = (typeof barKinds)[number];

const banksOf: Partial<Record<BarKind, readonly Bank[]>> = {
  bell: bellBanks,
  edu: eduBanks,
  virtio: virtioBanks,
  'bochs-display': bochsBanks,
};
/** BARs that are nothing but memory. */
const memoriesOf: Partial<Record<BarKind, MemoryWindow>> = {
  bell: { name: 'VRAM', ...bellBars.VRAM },
  'bochs-display': { name: 'FRAMEBUFFER', ...bochsBars.FRAMEBUFFER },
};

interface MemoryWindow {
  readonly name: string;
  readonly index: number;
  readonly size: number;
}

export interface PlacedBar {
  readonly guest: number;
  readonly kind: BarKind;
  readonly bar: number;
  readonly base: number;
}

/** @param state  with the BARs where drivers found them. */
export function placedBars(state: StackState): readonly PlacedBar[] {
  // A guest's own come first: its addresses are the ones that its driver names.
  return functionsOf(state)
    .flatMap(({ guest, kind, config }) =>
      [0, 1, 2, 4].map((bar) => ({ guest, kind, bar, base: barBase(config, bar) })),
    )
    .filter(({ base }) => base > 0)
    .sort((a, b) => b.guest - a.guest);
}

/** A register that someone asks for: all of that name. */
export interface RegisterQuery {
  readonly bank: string;
  /** Which of those that repeat; undefined: any. */
  readonly number: number | undefined;
  readonly name: string;
  readonly row: RegisterRow;
}

/** What stands at an address. */
export interface NamedPlace {
  readonly bank: string;
  readonly number: number;
  readonly name: string;
}

export class NamedRegisters {
  private readonly bars: readonly PlacedBar[];

  constructor(bars: readonly PlacedBar[]) {
    this.bars = bars;
  }

  placeAt(address: number): NamedPlace | undefined {
    for (const { kind, bar, base } of this.bars) {
      const banks = banksOf[kind] ?? [];
      const place = address >= base ? bankAt(banks, bar, address - base) : undefined;
      if (place !== undefined && place.name !== '') {
        const bank = place.bank.label === '' ? kind : place.bank.label;
        return { bank, number: place.number, name: place.name };
      }
    }
    return undefined;
  }

  /** `channel0.TAIL`, `bell.CONTROL`; the address itself where no register begins. */
  nameAt(address: number): string {
    const place = this.placeAt(address);
    if (place === undefined) {
      return this.memoryName(address) ?? `0x${address.toString(16)}`;
    }
    const { bank, number, name } = place;
    return `${single.has(bank) ? bank : `${bank}${number}`}.${name}`;
  }

  /** `VRAM+0x2000`, in the aperture. */
  private memoryName(address: number): string | undefined {
    for (const { kind, bar, base } of this.bars) {
      const memory = memoriesOf[kind];
      if (memory?.index === bar && address >= base && address < base + memory.size) {
        return `${memory.name}+0x${(address - base).toString(16)}`;
      }
    }
    return undefined;
  }

  /** What begins at an offset of configuration space; undefined: no register that has a name. */
  configPlaceAt(offset: number): NamedPlace | undefined {
    const name = type0Header.names.at(type0Header.indexAt(offset));
    return type0Header.indexAt(offset) < 0 || name === undefined
      ? undefined
      : { bank: 'config', number: 0, name };
  }

  configName(offset: number): string {
    return `config.${this.configPlaceAt(offset)?.name ?? `0x${offset.toString(16)}`}`;
  }
}

/** Bits 3:0 are flags; a 64-bit BAR goes on in the next. */
function barBase(config: Uint8Array, bar: number): number {
  const word = (at: number): number =>
    config[at] + config[at + 1] * 2 ** 8 + config[at + 2] * 2 ** 16 + config[at + 3] * 2 ** 24;
  const low = word(barOffset(bar));
  const high = (low & 0x6) === 0x4 ? word(barOffset(bar) + 4) : 0;
  return high * 2 ** 32 + ((low & ~0xf) >>> 0);
}

// ------------------------------------------------------------------------------ names

interface KnownBank {
  readonly bank: string;
  readonly repeats: boolean;
  readonly map: Pick<Registers, 'names' | 'rows'>;
}

const knownBanks: readonly KnownBank[] = [
  ...Object.entries(banksOf).flatMap(([kind, banks]) =>
    banks.map(({ label, count, map }) => ({
      ...{ bank: label === '' ? kind : label, repeats: count > 1, map },
    })),
  ),
  { bank: 'config', repeats: false, map: type0Header },
];
const single = new Set(knownBanks.filter(({ repeats }) => !repeats).map(({ bank }) => bank));

/**
 * `STATUS`: of any bank; `channel.TAIL`: of any channel; `channel0.TAIL`.
 * @throws InputError when no register has this name.
 */
export function findRegisters(text: string): readonly RegisterQuery[] {
  const [, label, digits, name] = /^(?:([a-z]+)(\d*)\.)?([A-Za-z0-9_]+)$/.exec(text) ?? [];
  const found = knownBanks.flatMap(({ bank, map }) => {
    const fits = label === undefined || label === bank;
    const own = map.names.find((each) => each === name?.toUpperCase());
    const number = digits === undefined || digits === '' ? undefined : Number(digits);
    return fits && own !== undefined ? [{ bank, number, name: own, row: map.rows[own] }] : [];
  });
  if (found.length === 0) {
    const known = knownBanks.flatMap(({ bank, map }) => map.names.map((each) => `${bank}.${each}`));
    throw new InputError(`There is no register '${text}'; ${nearest(text, known)}.`);
  }
  return found;
}
