/** The options of the stack `pv`, as its driver takes them. */
import type { FrontendOptions } from '@doorbell/pv-frontend';

/** How long either side lets pass between two looks at a queue, with notify=poll. */
export const POLL_NS = 500;

export function frontendOptions(
  options: Readonly<Record<string, string>>,
  recovery: Pick<FrontendOptions, 'recover' | 'recoveryNs'> = { recover: false },
): FrontendOptions {
  return {
    ring: options.ring as FrontendOptions['ring'],
    notify: options.notify as FrontendOptions['notify'],
    batch: Number(options.batch),
    ...recovery,
    pollNs: POLL_NS,
  };
}
