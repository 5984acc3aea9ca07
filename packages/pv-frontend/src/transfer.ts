/**
 * Bytes between the application and a resource, by way of its backing. Only what is dirty is
 * transferred. The backing's bytes are the device's while it moves them: a write waits for that,
 * and for nothing else.
 */
import { Backing } from './backing.ts';
import { type Box, boxesOf, transferable } from './boxes.ts';
import type { Made } from './command-queue.ts';
import type { Step } from './operation.ts';
import type { FrontendParts } from './options.ts';
import {
  fenced,
  resourceAttachBacking,
  transferFromHost3d,
  transferToHost2d,
  transferToHost3d,
} from './requests.ts';
import type { Session } from './probe.ts';
import { freeUnused, type Moving, type Resource } from './resource.ts';

interface TransferDevice {
  readonly parts: FrontendParts;
  readonly session: Session;
  readonly is3d: boolean;
}

export class Transfer {
  private readonly device: TransferDevice;

  constructor(device: TransferDevice) {
    this.device = device;
  }

  /** Writes bytes, of which there is at least one. */
  write(resource: Resource, offset: number, bytes: Uint8Array): Step[] {
    const { start, end } = transferable(offset, bytes.length, resource.picture);
    return [
      this.attach(resource),
      ...(this.device.is3d ? this.edges(resource, offset, offset + bytes.length, start, end) : []),
      {
        make: () => {
          if (isMoving(resource, start, end, false)) {
            return 'later';
          }
          resource.backing?.copyIn(offset, bytes);
          return 'nothing';
        },
      },
      ...boxesOf(start, end, resource.picture).map((box) => this.toHost(resource, box)),
    ];
  }

  /** Pixels of which only a part is written: the rest is the device's, and is fetched first. */
  private edges(resource: Resource, from: number, to: number, start: number, end: number): Step[] {
    const steps: Step[] = [];
    if (from > start) {
      steps.push(...this.fetch(resource, start, start + 4));
    }
    if (to < end && (from === start || end - start > 4)) {
      steps.push(...this.fetch(resource, end - 4, end));
    }
    return steps;
  }

  private fetch(resource: Resource, start: number, end: number): Step[] {
    return boxesOf(start, end, resource.picture).map((box) => this.fromHost(resource, box));
  }

  /** Reads to `into`, which has at least one byte. */
  read(resource: Resource, offset: number, into: Uint8Array): Step[] {
    if (!this.device.is3d) {
      return [this.readBacking(resource, offset, into)];
    }
    const { start, end } = transferable(offset, into.length, resource.picture);
    const boxes = boxesOf(start, end, resource.picture);
    return [
      this.attach(resource),
      ...boxes.map((box) =>
        this.fromHost(resource, box, () => {
          const from = Math.max(offset, box.offset);
          const to = Math.min(offset + into.length, box.offset + box.bytes);
          resource.backing?.copyOut(from, into.subarray(from - offset, to - offset));
        }),
      ),
    ];
  }

  /** A 2D device changes nothing: what was written is still in the backing. */
  private readBacking(resource: Resource, offset: number, into: Uint8Array): Step {
    return {
      make: () => {
        into.fill(0);
        resource.backing?.copyOut(offset, into);
        return 'nothing';
      },
    };
  }

  // ------------------------------------------------------------------------------ steps

  /** Gives the device the backing, the first time. */
  private attach(resource: Resource): Step {
    let asked = false;
    return {
      make: () => {
        if (resource.attached) {
          return 'nothing';
        }
        const made = this.back(resource);
        asked = made !== 'later';
        resource.attached = asked;
        return made;
      },
      done: (response) => {
        resource.attached &&= !asked || response !== undefined;
      },
    };
  }

  /** While memory is short, that of destroyed resources may come back. @throws GpuError `out-of-memory` */
  private back(resource: Resource): Made {
    try {
      resource.backing ??= new Backing(this.device.parts, resource.bytes);
    } catch (error) {
      if (this.device.session.control.inFlight > 0) {
        return 'later';
      }
      throw error;
    }
    return resourceAttachBacking(resource.handle, resource.backing.entries);
  }

  private toHost(resource: Resource, box: Box): Step {
    const { x, y, width, height, offset } = box;
    return this.moving(resource, box, false, () =>
      this.device.is3d
        ? transferToHost3d(resource.context, resource.handle, box)
        : transferToHost2d(resource.handle, { x, y, width, height }, offset),
    );
  }

  private fromHost(resource: Resource, box: Box, arrived?: () => void): Step {
    return this.moving(
      resource,
      box,
      true,
      () => transferFromHost3d(resource.context, resource.handle, box),
      arrived,
    );
  }

  private moving(
    resource: Resource,
    { offset, bytes }: Box,
    fromHost: boolean,
    request: () => ReturnType<typeof fenced>,
    arrived?: () => void,
  ): Step {
    const moving: Moving = { start: offset, end: offset + bytes, fromHost };
    return {
      make: () => {
        // The device is in order, but whoever takes what an earlier transfer fetched may not have come to it yet.
        if (fromHost && isMoving(resource, moving.start, moving.end, true)) {
          return 'later';
        }
        resource.moving.push(moving);
        return fenced(request());
      },
      done: (response) => {
        resource.moving = resource.moving.filter((other) => other !== moving);
        if (response !== undefined) {
          arrived?.();
        }
        freeUnused(resource);
      },
    };
  }
}

/** Whether the device moves bytes of a range; `fetches`: from the host. */
function isMoving(resource: Resource, start: number, end: number, fetches: boolean): boolean {
  return resource.moving.some(
    (moving) => moving.start < end && start < moving.end && (moving.fromHost || !fetches),
  );
}
