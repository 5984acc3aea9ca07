/**
 * What the mediator does with each register of bell: derived from the register map's rows, so that
 * a new row has an answer.
 */
import {
  bellRegisters,
  channelRegisters,
  doorbellRegisters,
  type RegisterMap,
  type RegisterRow,
  type RegisterRows,
} from '@doorbell/abi';

/**
 * - `emulated`: the guest has one of its own.
 * - `passed`: the access goes to that of the guest's physical channel.
 * - `audited`: what it sets going is read first.
 */
export type Mediation = 'emulated' | 'passed' | 'audited';

export interface MediatedRegister {
  readonly map: string;
  readonly register: string;
  readonly mediation: Mediation;
}

/**
 * A window that belongs to one channel, so to one guest, may pass what is not sensitive: it neither
 * changes nor reveals what is another's (Popek and Goldberg). The function's own window is
 * everybody's, so nothing in it passes.
 */
export function mediationOf(row: RegisterRow, owner: 'channel' | 'function'): Mediation {
  return owner === 'channel' && row.sensitive === undefined ? 'passed' : 'emulated';
}

function rows<R extends RegisterRows>(
  map: RegisterMap<R>,
  mediation: (row: RegisterRow) => Mediation,
): readonly MediatedRegister[] {
  return map.names.map((register) => ({
    map: map.name,
    register,
    mediation: mediation(map.rows[register]),
  }));
}

/** The whole policy, in the order of the datasheet. A doorbell runs commands, whatever its row says. */
export const bellMediation: readonly MediatedRegister[] = [
  ...rows(bellRegisters, (row) => mediationOf(row, 'function')),
  ...rows(channelRegisters, (row) => mediationOf(row, 'channel')),
  ...rows(doorbellRegisters, () => 'audited'),
];
