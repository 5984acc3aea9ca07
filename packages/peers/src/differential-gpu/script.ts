/** A list of steps as it is written: short ways to say each command, and what it is about. */
import { gpuFormats } from '@doorbell/abi';
import {
  encodeEntries,
  type GpuRequest,
  type HeaderFields,
  type Piece,
  request,
  type Step,
} from './request.ts';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function rect(x: number, y: number, width: number, height: number): Rect {
  return { x, y, width, height };
}

/** Guest memory that a script may use as it likes. */
export interface Arena {
  readonly address: number;
  readonly bytes: number;
}

const BGRX = gpuFormats.B8G8R8X8_UNORM;

/** One request each, named after its command. */
export const say = {
  displayInfo: (label: string, header?: HeaderFields): GpuRequest =>
    request(label, 'GET_DISPLAY_INFO', {}, { ...(header && { header }) }),
  edid: (label: string, scanout: number): GpuRequest =>
    request(label, 'GET_EDID', { scanout, padding: 0 }),
  create: (label: string, id: number, width: number, height: number, format: number = BGRX) =>
    request(label, 'RESOURCE_CREATE_2D', { resource_id: id, format, width, height }),
  unref: (label: string, id: number): GpuRequest =>
    request(label, 'RESOURCE_UNREF', { resource_id: id, padding: 0 }),
  attach: (
    label: string,
    id: number,
    pieces: readonly Piece[],
    count: number = pieces.length,
  ): GpuRequest =>
    request(
      label,
      'RESOURCE_ATTACH_BACKING',
      { resource_id: id, nr_entries: count },
      { payload: encodeEntries(pieces) },
    ),
  detach: (label: string, id: number): GpuRequest =>
    request(label, 'RESOURCE_DETACH_BACKING', { resource_id: id, padding: 0 }),
  transfer: (label: string, id: number, r: Rect, offset = 0n): GpuRequest =>
    request(label, 'TRANSFER_TO_HOST_2D', { r, offset, resource_id: id, padding: 0 }),
  flush: (label: string, id: number, r: Rect): GpuRequest =>
    request(label, 'RESOURCE_FLUSH', { r, resource_id: id, padding: 0 }),
  scanout: (label: string, index: number, id: number, r: Rect): GpuRequest =>
    request(label, 'SET_SCANOUT', { r, scanout_id: index, resource_id: id }),
  updateCursor: (label: string, id: number, scanout = 0, x = 0, y = 0): GpuRequest =>
    request(label, 'UPDATE_CURSOR', {
      pos: { scanout_id: scanout, x, y, padding: 0 },
      ...{ resource_id: id, hot_x: 1, hot_y: 2, padding: 0 },
    }),
  moveCursor: (label: string, x: number, y: number, scanout = 0): GpuRequest =>
    request(label, 'MOVE_CURSOR', {
      pos: { scanout_id: scanout, x, y, padding: 0 },
      ...{ resource_id: 0, hot_x: 0, hot_y: 0, padding: 0 },
    }),
} as const;

export class Script {
  readonly steps: Step[] = [];

  send(...requests: readonly GpuRequest[]): this {
    for (const one of requests) {
      this.steps.push({ kind: 'request', request: one });
    }
    return this;
  }

  batch(requests: readonly GpuRequest[]): this {
    this.steps.push({ kind: 'batch', requests });
    return this;
  }

  write(address: number, bytes: Uint8Array): this {
    this.steps.push({ kind: 'memory', address, bytes });
    return this;
  }

  screens(label: string): this {
    this.steps.push({ kind: 'screens', label });
    return this;
  }
}

/** Requests of a list of steps. */
export function requestCount(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => {
    const here = step.kind === 'request' ? 1 : step.kind === 'batch' ? step.requests.length : 0;
    return sum + here;
  }, 0);
}
