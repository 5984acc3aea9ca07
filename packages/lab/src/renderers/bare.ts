/** The renderer in software, without the rest of the lab. */
export { engineRates } from '../stacks/engine-rates.ts';
export { SoftwareRenderer } from './software.ts';
