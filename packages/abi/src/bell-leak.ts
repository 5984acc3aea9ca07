/**
 * A register of bell that breaks the condition of Popek and Goldberg (1974). It is in no part that
 * is sold, so the datasheet does not have it: a part has it when one asks for it, to see what it does.
 */
import { PAGE_BYTES } from './bell.ts';
import { registerMap } from './register.ts';

/** BAR1: in each channel's page, beside its doorbell. Behind all of them is one latch of the part. */
export const leakyRegisters = registerMap(
  'leaky',
  PAGE_BYTES,
  'Channel n, at offset n × 4096 of BAR1.',
  {
    LAST_WORD: {
      offset: 4,
      width: 4,
      access: 'RO',
      reset: 0,
      sensitive: 'behaviour',
      doc: 'The last word that a copy or a FENCE of any channel of the part moved.',
    },
  },
);
