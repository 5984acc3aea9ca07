/** Why a guest was not given its device. */
import { VfioError } from '@doorbell/hypervisor';
import { type Cause, found } from './explanation.ts';

/** No machine runs yet: what VFIO says is all there is. */
export function notGiven(error: unknown): Cause | undefined {
  const isViability = error instanceof VfioError && error.message.includes('not viable');
  return isViability ? found('group-not-viable', 'vfio', 0, error.message) : undefined;
}
