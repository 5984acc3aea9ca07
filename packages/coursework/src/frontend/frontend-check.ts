/** One check of a virtio-gpu's driver with a device that does what the check says. */
import type { Check } from '../check/check.ts';
import type { FrontendPart } from '../part.ts';
import { FrontendRun } from './frontend-run.ts';

export function check(
  section: string,
  name: string,
  title: string,
  body: (run: FrontendRun) => Promise<void>,
): Check<FrontendPart> {
  return {
    ...{ id: `virtio-1.3/${section}/${name}`, clause: `VIRTIO 1.3 §${section}`, title },
    run: (part) => body(new FrontendRun(part)),
  };
}
