/** Why a channel of bell was stopped. */
import { channelRegisters, faultName, faults, type FaultName } from '@doorbell/abi';
import type { CauseId } from './causes.ts';
import type { Evidence } from './evidence.ts';
import { type Cause, cite, found } from './explanation.ts';

const causeOf: Partial<Readonly<Record<FaultName, CauseId>>> = {
  NOT_PRESENT: 'gpu-page-fault',
  NOT_WRITABLE: 'gpu-page-fault',
  BAD_ENTRY: 'gpu-page-fault',
  HANG: 'channel-hung',
};

export function channelStopped(evidence: Evidence): Cause | undefined {
  const fault = evidence.last('fault');
  const name = fault === undefined ? undefined : faultName(fault.b);
  const id = name === undefined ? undefined : causeOf[name];
  if (fault === undefined || name === undefined || id === undefined) {
    return undefined;
  }
  const what = `Channel ${fault.a} was stopped with ${name}. ${faults[name].doc}`;
  return found(id, 'bell', fault.id, what, cite(channelRegisters, 'FAULT', 'REASON'));
}
