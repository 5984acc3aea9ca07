/** Transaction layer packets, derived from a trace. */
export { busMapOf } from './bus-map.ts';
export { tlpsOf, type Tlp } from './packets.ts';
export { purposeOf } from './purpose.ts';
export { TlpSummer, type TlpSummary } from './summary.ts';
