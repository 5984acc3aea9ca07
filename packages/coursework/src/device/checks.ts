/** What a virtio-gpu is checked for: by registers and requests, and as the device of a whole machine. */
import type { Check } from '../check/check.ts';
import { sceneChecks } from '../gpu/checks.ts';
import { ownParts, type DevicePart } from '../part.ts';
import { commandChecks } from './command-checks.ts';
import { configChecks } from './config-checks.ts';
import { featureChecks } from './feature-checks.ts';
import { fenceChecks } from './fence-checks.ts';
import { statusChecks } from './status-checks.ts';

export const deviceChecks: readonly Check<DevicePart>[] = [
  ...statusChecks,
  ...featureChecks,
  ...configChecks,
  ...fenceChecks,
  ...commandChecks,
  ...sceneChecks({ stack: 'pv', own: ownParts }, ['triangle', 'image']),
];
