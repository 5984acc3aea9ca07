/** Transaction layer packets, derived from a trace. */
export { busMapOf, type BusMap } from './bus-map.ts';
export { tlpsOf, type Tlp } from './packets.ts';
export { PacketLog, type LoggedTlp } from './packet-log.ts';
export { purposeOf } from './purpose.ts';
export { TlpSummer, type TlpSummary } from './summary.ts';
