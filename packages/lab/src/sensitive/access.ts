/** Accesses, which for a GPU are what instructions are for a CPU, and what becomes of one in a stack. */
import type { RegisterRow, RegisterRows, Sensitivity } from '@doorbell/abi';

/**
 * - `traps`: the host sees it and answers, by what it keeps for this guest.
 * - `direct`: it goes to the hardware, and the host does not see it.
 * - `absent`: there is no address by which the guest could ask for it.
 */
export type Reach = 'traps' | 'direct' | 'absent';

/** Why what answers is a guest's alone. */
export const ownership = {
  software: 'a device in software answers, one for each guest',
  wholePart: 'the whole part is the guest’s, and the IOMMU keeps its DMA within the guest’s memory',
  function: 'the hardware has one for each function, and this function is the guest’s',
  channel:
    'the hardware has one for each channel, and the guest was given this channel’s page alone',
  notWalked:
    'the hardware walks tables of the host’s, so what the guest stores here is only memory',
} as const;

/** Whether what answers is this guest's alone, and why; null: it is shared. */
export type Owner = keyof typeof ownership | null;

export type Instance = 'own' | 'shared';

/** What there is one of: a channel each, a function each, or one in the whole part. */
export type Scope = 'channel' | 'function' | 'part';

/** Where an access goes to, as the guest has it; the hardware's own names where it has it not. */
export interface Place {
  readonly space: 'config' | 'bar' | 'ring';
  /** Null outside of BARs. */
  readonly bar: number | null;
  /** In configuration space or the BAR; of a packet, its opcode. */
  readonly offset: number;
}

export interface Access extends Place {
  readonly name: string;
  readonly access: 'read' | 'write';
  /** Null: innocuous. */
  readonly sensitive: Sensitivity | null;
  readonly reach: Reach;
  /** Null: nothing is reached. */
  readonly instance: Instance | null;
  /** Why it is the guest's own, if it is. */
  readonly because: Owner;
  /** Shows the time and nothing else. */
  readonly timing?: true;
}

/** What an access counts as. Only the last breaks the condition of the theorem. */
export type AccessClass = 'absent' | 'innocuous' | 'trapped' | 'own' | 'timing' | 'violating';

export const accessClasses: Readonly<Record<AccessClass, string>> = {
  absent: 'the guest has no way to it',
  innocuous: 'neither affects nor reveals what another guest or the host owns',
  trapped: 'sensitive, and the host answers',
  own: 'sensitive, direct, and what answers is this guest’s alone',
  timing: 'sensitive, direct, and shows the one clock of all: the theorem excepts timing',
  violating: 'sensitive, direct, and shared with others',
};

export function classOf({ sensitive, reach, instance, timing }: Access): AccessClass {
  if (reach === 'absent') {
    return 'absent';
  }
  if (sensitive === null) {
    return 'innocuous';
  }
  if (reach === 'traps') {
    return 'trapped';
  }
  return instance === 'own' ? 'own' : timing === true ? 'timing' : 'violating';
}

/** What is reached, and whose it is. */
export function answered(
  reach: Reach,
  owner: Owner,
): Pick<Access, 'reach' | 'instance' | 'because'> {
  const instance = reach === 'absent' ? null : owner === null ? 'shared' : 'own';
  return { reach, instance, because: reach === 'absent' ? null : owner };
}

/** A register map of whichever registers. */
export interface RegisterList {
  readonly name: string;
  readonly size: number;
  readonly names: readonly string[];
  readonly rows: RegisterRows;
}

/** What software may do with a register, and how sensitive that is. */
export interface RowAccess {
  readonly register: string;
  readonly row: RegisterRow;
  readonly access: 'read' | 'write';
  readonly sensitive: Sensitivity | null;
}

/**
 * A register that controls is also told by what it reads: as SMSW and PUSHF tell on an x86, which are
 * among the instructions that kept it from being virtualized.
 */
export function rowAccesses(map: RegisterList): readonly RowAccess[] {
  return map.names.flatMap((register) => {
    const row = map.rows[register];
    const read: RowAccess = {
      ...{ register, row, access: 'read' },
      sensitive: row.sensitive === undefined ? null : 'behaviour',
    };
    const write: RowAccess = { register, row, access: 'write', sensitive: row.sensitive ?? null };
    return [...(row.access === 'WO' ? [] : [read]), ...(row.access === 'RO' ? [] : [write])];
  });
}
