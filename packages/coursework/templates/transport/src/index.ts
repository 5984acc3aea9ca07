/** What the package hands in: `doorbell check .` looks here. */
import type { TransportPart } from '@doorbell/coursework';
import { PciTransport } from './transport.ts';

export default {
  kind: 'transport',
  name: '__NAME__',
  open: (device) => new PciTransport(device),
} satisfies TransportPart;
