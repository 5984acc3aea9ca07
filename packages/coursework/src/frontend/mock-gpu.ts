/**
 * A virtio-gpu behind its queues, for a driver under test: it keeps resources as VIRTIO 1.3 §5.7.6
 * has them, byte by byte, and notes what the driver does that no driver may.
 */
import type { Picture } from '@doorbell/lab';
import {
  bits,
  FENCE,
  HEADER_BYTES,
  headerOf,
  message,
  nameOf,
  responses,
  setOf,
  types,
  wordAt,
  wordsOf,
  type Header,
} from '../virtio/gpu-bytes.ts';
import { MockResources, type Outcome } from './mock-resources.ts';
import type { Breaks } from './rules.ts';
import type { StrictMemory } from './strict-memory.ts';

const { OK_NODATA, ERR_INVALID_RESOURCE_ID, ERR_INVALID_PARAMETER, ERR_UNSPEC } = responses;

/** A capset that contexts may speak. */
export interface Capset {
  readonly id: number;
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** Bytes of each command's fixed part, with its header; 0: it has none beside. */
const lengths = new Map<number, number>([
  [types.GET_DISPLAY_INFO, 24],
  [types.RESOURCE_CREATE_2D, 40],
  [types.RESOURCE_UNREF, 32],
  [types.SET_SCANOUT, 48],
  [types.RESOURCE_FLUSH, 48],
  [types.TRANSFER_TO_HOST_2D, 56],
  [types.RESOURCE_ATTACH_BACKING, 32],
  [types.RESOURCE_DETACH_BACKING, 32],
  [types.GET_CAPSET_INFO, 32],
  [types.GET_CAPSET, 32],
  [types.GET_EDID, 32],
  [types.CTX_CREATE, 96],
  [types.CTX_DESTROY, 24],
  [types.CTX_ATTACH_RESOURCE, 32],
  [types.CTX_DETACH_RESOURCE, 32],
  [types.RESOURCE_CREATE_3D, 72],
  [types.TRANSFER_TO_HOST_3D, 72],
  [types.TRANSFER_FROM_HOST_3D, 72],
  [types.SUBMIT_3D, 32],
]);

const of3d = (type: number): boolean =>
  (type >= 0x200 && type < 0x300) || type === types.GET_CAPSET || type === types.GET_CAPSET_INFO;

export class MockGpu {
  capsets: readonly Capset[] = [];
  /** Whether it does transfers that are not fenced after it has answered them, as it may (§5.7.6.5). */
  isLazy = false;
  /** Types of commands, oldest first. */
  readonly received: number[] = [];
  private readonly breaks: Breaks;
  private readonly resources: MockResources;
  private contexts = new Set<number>();
  /** Transfers that were answered and not done. */
  private readonly late: (() => void)[] = [];

  constructor(memory: StrictMemory, breaks: Breaks) {
    this.breaks = breaks;
    this.resources = new MockResources(memory, breaks);
  }

  /** What was flushed to the scanout, as R, G, B, A, oldest first. */
  get shown(): readonly Picture[] {
    return this.resources.shown;
  }

  get contextCount(): number {
    return this.contexts.size;
  }

  /** Whether the device may still read what was mapped there. */
  holds(iova: number, bytes: number): boolean {
    return this.resources.holds(iova, bytes);
  }

  reset(): void {
    this.resources.reset();
    this.contexts = new Set();
    this.late.length = 0;
  }

  /** The response to a command of the control queue, to a driver that accepted some features. */
  answer(command: Uint8Array, features: bigint): Uint8Array {
    const { type, flags, fence, context, ring } = headerOf(command);
    this.received.push(type);
    const header: Header = (flags & FENCE) === 0 ? {} : { flags, fence, context, ring };
    if (command.length < (lengths.get(type) ?? HEADER_BYTES)) {
      this.breaks('5.7.6.7/whole', `${nameOf(type)} has ${command.length} bytes`);
      return message(ERR_INVALID_PARAMETER, [], header);
    }
    const feature = of3d(type) ? bits.VIRGL : type === types.GET_EDID ? bits.EDID : undefined;
    if (feature !== undefined && (features & setOf(feature)) === 0n) {
      this.breaks('5.7.3/needs-feature', nameOf(type));
      return message(ERR_UNSPEC, [], header);
    }
    const isFenced = (flags & FENCE) !== 0;
    if (this.isLazy && !isFenced && type === types.TRANSFER_TO_HOST_2D) {
      this.late.push(() => this.execute(type, context, command));
      return message(OK_NODATA);
    }
    // What is late cannot be told from what is not by what is shown: a scanout alone shows nothing.
    if (type !== types.SET_SCANOUT) {
      this.late.splice(0).forEach((transfer) => {
        transfer();
      });
    }
    const { response = OK_NODATA, words = [] } = this.execute(type, context, command);
    return message(response, words, header);
  }

  private execute(type: number, context: number, command: Uint8Array): Outcome {
    const { resources } = this;
    const word = (index: number): number => wordAt(command, HEADER_BYTES + 4 * index);
    const rect = [word(0), word(1), word(2), word(3)];
    switch (type) {
      case types.GET_DISPLAY_INFO:
        return { response: responses.OK_DISPLAY_INFO, words: displays() };
      case types.GET_EDID:
        return { response: responses.OK_EDID, words: Array<number>(2 + 256).fill(0) };
      case types.GET_CAPSET_INFO:
        return this.capsetInfo(word(0));
      case types.GET_CAPSET:
        return this.capset(word(0));
      case types.RESOURCE_CREATE_2D:
        return resources.create(word(0), word(1), word(2), word(3), 4);
      case types.RESOURCE_CREATE_3D:
        // resource_id, target, format, bind, width, height: a buffer has a byte for each place.
        return resources.create(word(0), word(2), word(4), word(5), word(1) === 0 ? 1 : 4);
      case types.CTX_CREATE:
        return this.createContext(context);
      case types.CTX_DESTROY:
        return this.inContext(context, () => this.contexts.delete(context));
      case types.SUBMIT_3D:
        return this.inContext(context, () => true);
      case types.SET_SCANOUT:
        return resources.setScanout(word(5), rect);
      case types.RESOURCE_FLUSH:
        return resources.flush(word(4), rect);
      case types.TRANSFER_TO_HOST_2D:
        return resources.transfer(word(6), rect, word(4));
      case types.CTX_ATTACH_RESOURCE:
      case types.CTX_DETACH_RESOURCE:
        return this.inContext(context, () => resources.find(word(0)) !== undefined);
      case types.RESOURCE_UNREF:
        return resources.unref(word(0));
      case types.RESOURCE_ATTACH_BACKING:
        return resources.attach(word(0), command, word(1));
      case types.RESOURCE_DETACH_BACKING:
        return resources.detach(word(0));
      case types.TRANSFER_TO_HOST_3D:
      case types.TRANSFER_FROM_HOST_3D:
        return {
          response: resources.find(word(8)) === undefined ? ERR_INVALID_RESOURCE_ID : OK_NODATA,
        };
      default:
        return { response: ERR_UNSPEC };
    }
  }

  // ------------------------------------------------------------------------------ capsets

  private capsetInfo(index: number): Outcome {
    const capset = this.capsets[index];
    if (capset === undefined) {
      this.breaks('5.7.6.8/capset-index', `${index} of ${this.capsets.length}`);
      return { response: ERR_INVALID_PARAMETER };
    }
    const { id, version, bytes } = capset;
    return { response: responses.OK_CAPSET_INFO, words: [id, version, bytes.length, 0] };
  }

  private capset(id: number): Outcome {
    const bytes = this.capsets.find((each) => each.id === id)?.bytes;
    return bytes === undefined
      ? { response: ERR_INVALID_PARAMETER }
      : {
          response: responses.OK_CAPSET,
          words: Array.from({ length: bytes.length / 4 }, (_, index) => wordAt(bytes, 4 * index)),
        };
  }

  private createContext(id: number): Outcome {
    if (id === 0 || this.contexts.has(id)) {
      this.breaks('5.7.6.9/contexts', `CTX_CREATE of ${id}`);
      return { response: responses.ERR_INVALID_CONTEXT_ID };
    }
    this.contexts.add(id);
    return {};
  }

  private inContext(id: number, work: () => boolean): Outcome {
    if (!this.contexts.has(id)) {
      this.breaks('5.7.6.9/contexts', `context ${id}`);
      return { response: responses.ERR_INVALID_CONTEXT_ID };
    }
    return work() ? {} : { response: ERR_INVALID_RESOURCE_ID };
  }
}

/** One display of 640 by 480, and fifteen that are off. */
function displays(): readonly number[] {
  const on = [0, 0, 640, 480, 1, 0];
  return [...on, ...Array<number>(15 * on.length).fill(0)];
}

/** A response with another word in it. */
export function altered(response: Uint8Array, at: number, word: number): Uint8Array {
  const bytes = response.slice();
  bytes.set(wordsOf([word]), at);
  return bytes;
}
