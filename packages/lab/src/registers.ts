/** bell's registers by where they are: banks of them, as BARs show them. */
import {
  bellBars,
  bellRegisters,
  channelRegisters,
  CHANNELS,
  channelWindow,
  doorbellRegisters,
  msixEntry,
  msixLayout,
  PAGE_BYTES,
  type RegisterRows,
  VECTORS,
} from '@doorbell/abi';

/** What a register map says of names and rows. */
export interface Registers {
  readonly names: readonly string[];
  readonly rows: RegisterRows;
  indexAt(offset: number): number;
}

/** Registers that repeat `count` times. */
export interface Bank {
  readonly bar: number;
  readonly base: number;
  readonly stride: number;
  readonly count: number;
  /** Before the number; '' where there is but one. */
  readonly label: string;
  readonly map: Registers;
}

export const bellBanks: readonly Bank[] = [
  {
    ...{ bar: bellBars.REGISTERS.index, base: 0, stride: bellRegisters.size, count: 1 },
    ...{ label: '', map: bellRegisters },
  },
  {
    ...{ bar: bellBars.REGISTERS.index, ...channelWindow, count: CHANNELS },
    ...{ label: 'channel', map: channelRegisters },
  },
  {
    ...{ bar: bellBars.DOORBELLS.index, base: 0, stride: PAGE_BYTES, count: CHANNELS },
    ...{ label: 'doorbell', map: doorbellRegisters },
  },
  {
    ...{ bar: bellBars.MSIX.index, base: msixLayout.table, stride: msixEntry.size, count: VECTORS },
    ...{ label: 'vector', map: msixEntry },
  },
];

/** A register of a bank. */
export interface BankPlace {
  readonly bank: Bank;
  /** Which of those that repeat. */
  readonly number: number;
  /** '' where none begins. */
  readonly name: string;
}

/** Undefined: no bank is there. */
export function bankAt(banks: readonly Bank[], bar: number, offset: number): BankPlace | undefined {
  for (const bank of banks) {
    const number = Math.floor((offset - bank.base) / bank.stride);
    if (bank.bar === bar && number >= 0 && number < bank.count) {
      const { names } = bank.map;
      const name = names[bank.map.indexAt((offset - bank.base) % bank.stride)] ?? '';
      return { bank, number, name };
    }
  }
  return undefined;
}
