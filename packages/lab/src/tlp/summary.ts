/** What the packets of a run add up to. */
import { tlpHeaderBytes, tlpTypes, type TlpType } from '@doorbell/abi';
import type { Tlp } from './packets.ts';

export interface TlpCounts {
  packets: number;
  /** Bytes that were to be moved. */
  payloadBytes: number;
  /** Bytes of headers, and of double words that are not enabled throughout. */
  headerBytes: number;
  /** Bytes around each packet on the link. */
  framingBytes: number;
}

export interface TlpSummary {
  /** By type and direction, in the order of the table of types; what did not occur is left out. */
  readonly rows: readonly (TlpCounts & {
    readonly type: TlpType;
    readonly direction: Tlp['direction'];
  })[];
  readonly total: TlpCounts;
  /** Payload bytes of all bytes on the link, 0 to 1. */
  readonly payloadShare: number;
}

/**
 * Start, sequence number, CRC and end. 1 + 2 + 4 + 1 bytes at 2.5 and 5 GT/s; from 8 GT/s on a token
 * of 4 bytes that holds the sequence number, and the CRC (PCIe 6.0 §3.6.2, §4.2).
 */
const FRAMING = 8;

const none = (): TlpCounts => ({ packets: 0, payloadBytes: 0, headerBytes: 0, framingBytes: 0 });

function add(counts: TlpCounts, { header, payload }: Tlp): void {
  const padding = tlpTypes[header.type].data ? header.length * 4 - payload : 0;
  counts.packets++;
  counts.payloadBytes += payload;
  counts.headerBytes += tlpHeaderBytes(header) + padding;
  counts.framingBytes += FRAMING;
}

export class TlpSummer {
  private readonly counts = new Map<string, TlpCounts>();
  private readonly total = none();

  add(packet: Tlp): void {
    const key = `${packet.header.type} ${packet.direction}`;
    const counts = this.counts.get(key) ?? none();
    this.counts.set(key, counts);
    add(counts, packet);
    add(this.total, packet);
  }

  summary(): TlpSummary {
    const types = Object.keys(tlpTypes) as TlpType[];
    const rows = types.flatMap((type) =>
      (['down', 'up'] as const).flatMap((direction) => {
        const counts = this.counts.get(`${type} ${direction}`);
        return counts === undefined ? [] : [{ type, direction, ...counts }];
      }),
    );
    const { payloadBytes, headerBytes, framingBytes } = this.total;
    const all = payloadBytes + headerBytes + framingBytes;
    return { rows, total: this.total, payloadShare: all === 0 ? 0 : payloadBytes / all };
  }
}
