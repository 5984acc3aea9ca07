/** Contexts that speak the capset `bell`: which resources each may name (VIRTIO 1.3 §5.7.6.8). */
import { refuseUnless } from './refusal.ts';
import type { Resource } from './resource.ts';

export interface Context {
  readonly id: number;
  /** By id. */
  readonly attached: Map<number, Resource>;
}

export class Contexts {
  private readonly byId = new Map<number, Context>();
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  get count(): number {
    return this.byId.size;
  }

  /** @throws Refusal */
  find(id: number): Context {
    const context = this.byId.get(id);
    refuseUnless(context !== undefined, 'ERR_INVALID_CONTEXT_ID', `There is no context ${id}.`);
    return context;
  }

  /** @throws Refusal */
  add(id: number): void {
    refuseUnless(
      id !== 0 && !this.byId.has(id),
      'ERR_INVALID_CONTEXT_ID',
      `Context ${id} exists, or is "none".`,
    );
    refuseUnless(
      this.byId.size < this.most,
      'ERR_OUT_OF_MEMORY',
      `There are ${this.most} contexts already.`,
    );
    this.byId.set(id, { id, attached: new Map() });
  }

  remove({ id }: Context): void {
    this.byId.delete(id);
  }

  /** No context may name it any more. */
  forget({ id }: Resource): void {
    for (const { attached } of this.byId.values()) {
      attached.delete(id);
    }
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
