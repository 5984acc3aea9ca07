/** This project's own renderer, as a part: bell's engines in software. */
import { profiles } from '@doorbell/hypervisor';
import { engineRates, SoftwareRenderer } from '@doorbell/lab/renderer';
import type { RendererPart } from '../part.ts';

export const renderer: RendererPart = {
  kind: 'renderer',
  name: 'software',
  open: ({ display, memoryBytes, spend }) => {
    const [profile] = profiles.values();
    const rates = engineRates(profile, 'software');
    return new SoftwareRenderer({ display, memoryBytes, rates, spend });
  },
};
