/** What the package hands in: `doorbell check .` looks here. */
import type { ChannelPart } from '@doorbell/coursework';
import { RingDriver } from './ring-driver.ts';

export default {
  kind: 'channel',
  name: '__NAME__',
  open: (place) => new RingDriver(place),
} satisfies ChannelPart;
