/** Where a packed ring is read or written next: VIRTIO 1.3 §2.8.1. */
export interface Position {
  /** In descriptors. */
  readonly offset: number;
  /** The wrap counter there. */
  readonly wrap: 0 | 1;
}

export const START: Position = { offset: 0, wrap: 1 };

export function behind({ offset, wrap }: Position, places: number, size: number): Position {
  const next = offset + places;
  return next < size ? { offset: next, wrap } : { offset: next - size, wrap: wrap === 1 ? 0 : 1 };
}
