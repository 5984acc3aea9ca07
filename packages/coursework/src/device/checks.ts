/** What a virtio-gpu is checked for: by registers and requests, and as the device of a whole machine. */
import type { Check } from '../check/check.ts';
import { sceneChecks } from '../gpu/checks.ts';
import { ownParts, type DevicePart } from '../part.ts';
import { configChecks } from './config-checks.ts';
import { contextChecks } from './context-checks.ts';
import { featureChecks } from './feature-checks.ts';
import { fenceChecks } from './fence-checks.ts';
import { resourceChecks } from './resource-checks.ts';
import { scanoutChecks } from './scanout-checks.ts';
import { statusChecks } from './status-checks.ts';

export const deviceChecks: readonly Check<DevicePart>[] = [
  ...statusChecks,
  ...featureChecks,
  ...configChecks,
  ...fenceChecks,
  ...resourceChecks,
  ...scanoutChecks,
  ...contextChecks,
  ...sceneChecks({ stack: 'pv', own: ownParts }, ['triangle', 'image']),
];
