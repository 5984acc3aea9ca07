/** Contexts: which capset each speaks, and which resources it may name (VIRTIO 1.3 §5.7.6.8). */
import type { GuestChannel } from './channel/channel.ts';
import type { Limits } from './limits.ts';
import { refuseUnless } from './refusal.ts';
import type { Resource } from './resource.ts';

export interface Context {
  readonly id: number;
  /** By id. */
  readonly attached: ReadonlyMap<number, Resource>;
  /** Of the capset `bell-channel`; undefined: it speaks `bell`. */
  readonly channel: GuestChannel | undefined;
}

interface OwnContext extends Context {
  readonly attached: Map<number, Resource>;
}

export class Contexts {
  /** Resources that contexts may name: each counts once for each context. */
  attachments = 0;
  private readonly byId = new Map<number, OwnContext>();
  private readonly limits: Limits;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  get count(): number {
    return this.byId.size;
  }

  /** @throws Refusal */
  find(id: number): Context {
    return this.own(id);
  }

  private own(id: number): OwnContext {
    const context = this.byId.get(id);
    refuseUnless(context !== undefined, 'ERR_INVALID_CONTEXT_ID', `There is no context ${id}.`);
    return context;
  }

  /** @param open  makes the channel that it is, if it is one. @throws Refusal, and what `open` throws. */
  add(id: number, open?: () => GuestChannel): void {
    refuseUnless(
      id !== 0 && !this.byId.has(id),
      'ERR_INVALID_CONTEXT_ID',
      `Context ${id} exists, or is "none".`,
    );
    refuseUnless(
      this.byId.size < this.limits.contexts,
      'ERR_OUT_OF_MEMORY',
      `There are ${this.limits.contexts} contexts already.`,
    );
    this.byId.set(id, { id, attached: new Map(), channel: open?.() });
  }

  /** @throws Refusal while blobs are memory of it. */
  remove({ id, attached, channel }: Context): void {
    refuseUnless(
      channel?.hasBlobs !== true,
      'ERR_UNSPEC',
      `Blobs of context ${id} are there still.`,
    );
    channel?.close();
    this.attachments -= attached.size;
    this.byId.delete(id);
  }

  get channels(): readonly GuestChannel[] {
    return [...this.byId.values()].flatMap(({ channel }) => channel ?? []);
  }

  /** @throws Refusal */
  attach(id: number, resource: Resource): void {
    const { attached } = this.own(id);
    if (attached.has(resource.id)) {
      return;
    }
    refuseUnless(
      this.attachments < this.limits.attachments,
      'ERR_OUT_OF_MEMORY',
      `There are ${this.limits.attachments} attachments already.`,
    );
    attached.set(resource.id, resource);
    this.attachments++;
  }

  /** @throws Refusal */
  detach(id: number, resource: number): void {
    const context = this.own(id);
    this.release(context, attachedTo(context, resource));
  }

  /** No context may name it any more. */
  forget(resource: Resource): void {
    for (const context of this.byId.values()) {
      this.release(context, resource);
    }
  }

  private release({ attached }: OwnContext, { id }: Resource): void {
    this.attachments -= attached.delete(id) ? 1 : 0;
  }
}

/** A resource that a context may name. @throws Refusal */
export function attachedTo({ id, attached }: Context, resource: number): Resource {
  const found = attached.get(resource);
  refuseUnless(
    found !== undefined,
    'ERR_INVALID_RESOURCE_ID',
    `Resource ${resource} is not attached to context ${id}.`,
  );
  return found;
}
