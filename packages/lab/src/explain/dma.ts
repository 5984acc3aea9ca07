/** Why the IOMMU refused what a device wanted. */
import type { TraceEvent } from '@doorbell/hypervisor';
import type { Evidence } from './evidence.ts';
import { type Cause, found } from './explanation.ts';

/** In a `dmaMap` event: the device may read the range, and no more. */
const READ_ONLY = 1;
const NO_WRITE = 0x5;

export function accessRefused(evidence: Evidence): Cause | undefined {
  const fault = evidence.last('iommuFault');
  if (fault === undefined) {
    return undefined;
  }
  const iova = `0x${fault.a.toString(16)}`;
  const map = mappingOf(evidence, fault);
  const record = {
    register: 'fault record.FR',
    bit: null,
    row: 'Fault reason: why the request was blocked.',
  };
  if (map?.c === READ_ONLY && fault.b === NO_WRITE) {
    const what = `The device wrote to ${iova}, which is mapped for reading alone (fault reason ${fault.b}h).`;
    return found('iommu-mapping-read-only', 'iommu', map.id, what, record);
  }
  const what = `The device used ${iova}, which no mapping has (fault reason ${fault.b}h).`;
  return found('iommu-mapping-missing', 'iommu', fault.id, what, record);
}

/** The mapping that the address was in then. */
function mappingOf({ events }: Evidence, fault: TraceEvent): TraceEvent | undefined {
  for (let id = fault.id - 1; id > 0; id--) {
    const kind = events.kindAt(id);
    if (kind === 'dmaMap' || kind === 'dmaUnmap') {
      const event = events.at(id);
      if (fault.a >= event.a && fault.a < event.a + event.b) {
        return kind === 'dmaMap' ? event : undefined;
      }
    }
  }
  return undefined;
}
