/** What a trace file holds, once it is unpacked: the shape of it, and what of it must agree. */
import { parseProfile, type EventColumns, type RecorderState } from '@doorbell/hypervisor';
import * as z from 'zod';
import { causeIds } from '../explain/causes.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { Mesh } from '../mesh.ts';
import type { Picture } from '../picture.ts';
import type { StackReport } from '../report.ts';
import type { StackState } from '../stacks/stack.ts';
import { isSoundRing } from '../step/inspect/peer-queues.ts';
import { barKinds } from '../step/named-registers.ts';
import type { RecordedPeer, RecordedRing } from './recording.ts';

const count = z.int().nonnegative();
const floats = z.instanceof(Float32Array);
const bytes = z.instanceof(Uint8Array);
const numbers = z.instanceof(Float64Array);
const ids = z.instanceof(Uint32Array);

const mesh = z
  .object({
    positions: floats,
    normals: floats,
    uvs: floats.optional(),
    colors: bytes.optional(),
    indices: ids,
  })
  .refine(isWhole) satisfies z.ZodType<Mesh>;

function isWhole({ positions, normals, uvs, colors, indices }: Mesh): boolean {
  const vertices = positions.length / 3;
  return (
    Number.isInteger(vertices) &&
    normals.length === positions.length &&
    (uvs === undefined || uvs.length === vertices * 2) &&
    (colors === undefined || colors.length === vertices * 4) &&
    indices.length % 3 === 0 &&
    indices.every((index) => index < vertices)
  );
}

const picture = z
  .object({ width: count, height: count, pixels: bytes })
  .refine(
    ({ width, height, pixels }) => pixels.length === width * height * 4,
  ) satisfies z.ZodType<Picture>;

const drawing = {
  scene: z.string(),
  width: z.int().min(1).max(4096),
  height: z.int().min(1).max(4096),
  frames: z.int().min(1).max(100_000),
  seed: z.int().min(0).max(0xffff_ffff),
  model: mesh.exactOptional(),
  texture: picture.exactOptional(),
};

const guest = z.object({
  ...drawing,
  name: z.string(),
  weight: z.int().positive(),
  cap: z.int().min(0).max(100),
  diesAfterNs: z.number().positive().exactOptional(),
});

const request = z.object({
  ...drawing,
  stack: z.string(),
  profile: z.unknown().transform(parseProfile),
  guests: z.array(guest).min(1).exactOptional(),
  bug: z.string().exactOptional(),
});

const events = z.object({
  times: numbers,
  kinds: bytes,
  requests: ids,
  causes: ids,
  lines: z.instanceof(Uint16Array),
  a: numbers,
  b: numbers,
  c: numbers,
}) satisfies z.ZodType<EventColumns>;

const source = z.object({
  lines: z.array(z.object({ file: z.string(), line: count })).min(1),
  /** Of which events the locals are, in the same order. */
  events: ids,
  locals: z.array(z.string()),
});

const crossings = z.object({
  rows: numbers,
  withBytes: ids,
  bytes: z.array(bytes),
}) satisfies z.ZodType<RecorderState>;

/** Whatever a device keeps: it is looked at by the device that loads it. */
const state = z.object({
  host: z.unknown(),
  keeper: z.unknown(),
  backends: z.array(z.unknown()),
  vms: z.array(z.unknown()),
}) satisfies z.ZodType<StackState>;

const byName = z.record(z.string(), z.number());

/** What is shown of it. */
const shownOfReport = z.object({
  id: z.string(),
  time: z.object({ virtualNs: z.number().nullable(), byPhase: byName, byCost: byName }),
  counts: z.object({
    ...{ exits: count, directAccesses: count, interrupts: count, kicks: count },
    ...{ iotlbMisses: count, bytesDma: count, bytesCopied: count, shadowUpdates: count },
  }),
});

const report = z.custom<StackReport>((value) => shownOfReport.safeParse(value).success);

const text = z.string();
const explanation = z.object({
  schema: z.literal('doorbell.explain/1'),
  stuck: z.boolean(),
  causes: z.array(
    z.object({
      ...{ id: z.enum(causeIds), clause: text, what: text, mend: text, step: count },
      event: z.object({ kind: text, timeNs: z.number() }).nullable(),
      ...{ register: text.nullable(), bit: text.nullable(), row: text.nullable() },
    }),
  ),
  error: text.nullable(),
}) satisfies z.ZodType<Explanation>;

const run = z.object({
  request,
  events,
  source: source.optional(),
  crossings,
  checkpoints: z.array(z.object({ event: count, crossing: count, state })).min(1),
  report: report.optional(),
  error: z.string().optional(),
  explanation,
});

const peer = z.object({
  name: z.string(),
  system: z.string(),
  bars: z.array(z.object({ guest: count, kind: z.enum(barKinds), bar: count, base: count })),
  isWhole: z.boolean(),
}) satisfies z.ZodType<RecordedPeer>;

const ring = z
  .object({
    ...{ event: count.min(1), queue: count.max(0xffff), descriptors: count },
    ...{ driver: count, device: count, changes: z.array(z.object({ at: count, bytes })) },
    size: count.min(1).max(1 << 15),
  })
  .refine(isSoundRing) satisfies z.ZodType<RecordedRing>;

const witnessed = z
  .object({
    peer,
    events,
    words: z.object({ events: ids, texts: z.array(text) }),
    rings: z.array(ring),
    error: z.string().optional(),
  })
  .refine(({ words }) => words.events.length === words.texts.length);

export type RunContents = z.infer<typeof run>;
export type PeerContents = z.infer<typeof witnessed>;

/** One that names a peer is of a peer: what is wrong with it is said of that shape. */
const recording = z.unknown().transform((value, context): RunContents | PeerContents => {
  const isOfPeer = typeof value === 'object' && value !== null && 'peer' in value;
  const parsed = (isOfPeer ? witnessed : run).safeParse(value);
  if (!parsed.success) {
    parsed.error.issues.forEach(({ path, message }) => {
      context.addIssue({ code: 'custom', path, message });
    });
    return z.NEVER;
  }
  return parsed.data;
});

export const traceContents = z.object({ recordings: z.array(recording).min(1) });
