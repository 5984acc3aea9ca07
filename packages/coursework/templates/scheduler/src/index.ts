/** What the package hands in: `doorbell check .` looks here. */
import type { SchedulerPart } from '@doorbell/coursework';
import { SchedulerError } from '@doorbell/hypervisor';
import { FirstCome } from './first-come.ts';

export default {
  kind: 'scheduler',
  name: '__NAME__',
  doc: 'Whoever came first has the engines for as long as it has work.',
  source: 'Nothing: it is where one begins.',
  defaultSliceNs: () => 1_000_000,
  make(tenants) {
    if (tenants.length === 0) {
      throw new SchedulerError('There are no tenants.');
    }
    return new FirstCome(tenants.length);
  },
  /** As if all had the same: which FirstCome does not keep. */
  due: (_tenants, present) => {
    const count = present.filter(Boolean).length;
    return present.map((isThere) => (isThere ? 1 / count : 0));
  },
} satisfies SchedulerPart;
