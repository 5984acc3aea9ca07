/** Recordings made up for a test. */
import type { Catalogue, Side } from '../../src/machine/contract.ts';

export const kinds: Catalogue['kinds'] = [
  { name: 'appCall', actor: 'app', doc: '' },
  { name: 'appReturn', actor: 'app', doc: '' },
  { name: 'mmioWrite', actor: 'driver', doc: '' },
  { name: 'wait', actor: 'driver', doc: '' },
  { name: 'wake', actor: 'driver', doc: '' },
  { name: 'exit', actor: 'hypervisor', doc: '' },
  { name: 'iotlbMiss', actor: 'iommu', doc: '' },
  { name: 'packet', actor: 'device', doc: '' },
  { name: 'packetDone', actor: 'device', doc: '' },
];

export interface Happened {
  readonly kind: string;
  readonly time: number;
  readonly request?: number;
  readonly a?: number;
}

export const GUEST = 2 ** 24;

export function sideOf(events: readonly Happened[], guests = 1): Omit<Side, 'track'> {
  const zeros = new Float64Array(events.length);
  return {
    ...{ name: 'native', term: '', scene: 'bunny', guests, lines: [], error: undefined },
    report: undefined,
    explanation: { schema: 'doorbell.explain/1', stuck: false, causes: [], error: null },
    columns: {
      times: Float64Array.from(events, ({ time }) => time),
      kinds: Uint8Array.from(events, ({ kind }) => kinds.findIndex(({ name }) => name === kind)),
      requests: Uint32Array.from(events, ({ request = 0 }) => request),
      causes: new Uint32Array(events.length),
      lines: new Uint16Array(events.length),
      a: Float64Array.from(events, ({ a = 0 }) => a),
      ...{ b: zeros, c: zeros },
    },
  };
}
