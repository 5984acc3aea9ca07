import type { Check } from '../check/check.ts';
import type { FrontendPart } from '../part.ts';

export const frontendChecks: readonly Check<FrontendPart>[] = [];
