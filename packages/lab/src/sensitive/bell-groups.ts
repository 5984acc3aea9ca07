/** Where bell has its registers, and what there is one of each for. */
import {
  bellBars,
  bellRegisters,
  channelRegisters,
  CHANNELS,
  channelWindow,
  doorbellRegisters,
  leakyRegisters,
  PAGE_BYTES,
  sriovRegisters,
  sriovWindow,
  TOTAL_VFS,
} from '@doorbell/abi';
import type { RegisterList, Scope } from './access.ts';

export interface RegisterGroup {
  readonly map: RegisterList;
  readonly bar: number;
  /** Of the first one, and bytes from one to the next. */
  readonly base: number;
  readonly stride: number;
  readonly count: number;
  readonly scope: Scope;
  /** Registers that show the one clock of the part. */
  readonly timing?: readonly string[];
  /** What a part need not have. */
  readonly only?: 'sriov' | 'leaky-register';
}

const { REGISTERS, DOORBELLS } = bellBars;
const pages = { bar: DOORBELLS.index, base: 0, stride: PAGE_BYTES, count: CHANNELS };

export const bellGroups: readonly RegisterGroup[] = [
  {
    ...{
      map: bellRegisters,
      bar: REGISTERS.index,
      scope: 'function',
      timing: ['TIME_LO', 'TIME_HI'],
    },
    ...{ base: 0, stride: bellRegisters.size, count: 1 },
  },
  {
    ...{ map: sriovRegisters, bar: REGISTERS.index, scope: 'part', only: 'sriov' },
    ...{ ...sriovWindow, count: 1 + TOTAL_VFS },
  },
  {
    ...{ map: channelRegisters, bar: REGISTERS.index, scope: 'channel' },
    ...{ ...channelWindow, count: CHANNELS },
  },
  { map: doorbellRegisters, scope: 'channel', ...pages },
  { map: leakyRegisters, scope: 'part', only: 'leaky-register', ...pages },
];
