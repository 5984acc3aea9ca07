/** What the driver of a virtio-gpu is checked for: by a mock device, and in a whole machine. */
import type { Check } from '../check/check.ts';
import { sceneChecks } from '../gpu/checks.ts';
import { ownParts, type FrontendPart } from '../part.ts';
import { answerChecks } from './answer-checks.ts';
import { initChecks } from './init-checks.ts';
import { ruleChecks } from './rule-checks.ts';

export const frontendChecks: readonly Check<FrontendPart>[] = [
  ...initChecks,
  ...ruleChecks,
  ...answerChecks,
  ...sceneChecks({ stack: 'pv', own: ownParts }, ['triangle', 'image']),
];
