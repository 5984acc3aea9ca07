/** What a mediation policy is checked for: by guests that drive their bell by hand, and on recorded machines. */
import { channelRegisters, PAGE_BYTES, pte, type RegisterRow } from '@doorbell/abi';
import { MediatedHost, RAM, RW, SYSTEM, VA } from '@doorbell/hypervisor/testing';
import fc from 'fast-check';
import { Bench } from '../check/bench.ts';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import { sceneChecks } from '../gpu/checks.ts';
import { ownParts, type MediationPart } from '../part.ts';
import { check, fence, fill, flush, guestCheck, waitFor } from './guest-check.ts';
import { MockShadow, type ChannelEvent } from './mock-shadow.ts';

/** A GPU virtual address that a guest maps to this and that, and pages for it: one more of RAM. */
const PLACE = 0x10000;
const OTHER = 0x14000;
/** Of what a guest has set up, in pages of RAM. */
const SET_UP = 4;
/** Exits of a frame, beside those with the project's own lazy policy. */
const BUDGET = 1.25;
/** Enough for a few packets, and far less than the watchdog gives. */
const SOON_NS = 10_000;

/** Of a channel's window. */
const rows: readonly RegisterRow[] = channelRegisters.names.map(
  (name): RegisterRow => channelRegisters.rows[name],
);
const namesOf = (some: readonly RegisterRow[]): readonly string[] =>
  some.map(({ offset }) => channelRegisters.names[channelRegisters.indexAt(offset)]);

const events: fc.Arbitrary<ChannelEvent> = fc.oneof(
  fc.record({
    what: fc.constant('stored' as const),
    page: fc.nat(3),
    offset: fc.nat(1023).map((word) => word * 4),
  }),
  fc.record({ what: fc.constant('flushed' as const), isRunning: fc.boolean() }),
  fc.record({ what: fc.constant('submitted' as const), isRunning: fc.boolean() }),
);

/** Holds for what may happen to a channel; the shortest that breaks it is shown. */
function forChannels(
  { traps }: MediationPart,
  what: string,
  holds: (happened: readonly ChannelEvent[]) => void,
): void {
  const some = fc
    .array(events, { maxLength: 30 })
    .map((all) => all.filter((event) => traps !== 'nothing' || event.what !== 'stored'));
  const property = fc.property(some, (happened) => {
    holds(happened);
  });
  const found = fc.check(property, { seed: 1, numRuns: 50 });
  if (found.failed) {
    const { counterexample, errorInstance } = found;
    const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
    throw new Mismatch(what, `${why}. With ${JSON.stringify(counterexample?.[0])}.`);
  }
}

/** How many exits a frame takes. */
async function exitsOf(
  bench: Bench,
  stack: string,
  part: MediationPart | undefined,
  scene: string,
): Promise<number> {
  await bench.frame(stack, part === undefined ? {} : ownParts(part), scene);
  return bench.recording?.report?.counts.exits ?? Infinity;
}

const budgetChecks = ['triangle', 'bunny'].map((scene) =>
  check(
    `budget/${scene}`,
    'MediationKind.traps, MediationPolicy',
    `A frame of the scene ${scene} takes at most ${BUDGET} times the exits that it takes with shadow=lazy.`,
    async (part, bench) => {
      const lazy = await exitsOf(new Bench(bench.environment), 'mdev', undefined, scene);
      const own = await exitsOf(bench, 'mdev:shadow=own', part, scene);
      if (own > lazy * BUDGET) {
        throw new Mismatch(`${Math.floor(lazy * BUDGET)} exits at most`, `${own}`);
      }
    },
  ),
);

export const mediationChecks: readonly Check<MediationPart>[] = [
  check(
    'passes/not-sensitive',
    'MediationKind.passes: a sensitive one has to be emulated',
    'No register passes that affects or reveals what is the host’s or another guest’s.',
    (part) => {
      const passed = rows.filter((row) => row.sensitive !== undefined && part.passes(row));
      mustBe('sensitive registers that pass', [], namesOf(passed));
    },
  ),
  check(
    'passes/the-rest',
    'MediationKind.passes',
    'Every other register of a channel passes: there is nothing to keep from it.',
    (part) => {
      const kept = rows.filter((row) => row.sensitive === undefined && !part.passes(row));
      mustBe('registers that are not sensitive and do not pass', [], namesOf(kept));
    },
  ),
  guestCheck(
    'submitted/mapped',
    'bell, Page tables: an entry that was not valid is looked at at each use',
    'A page that is mapped on an idle channel is there for the next submission, without a flush.',
    async (guest, rig) => {
      guest.map(PLACE, SYSTEM, OTHER);
      guest.submit(fill(PLACE, 7));
      await rig.settle();
      mustBe('the fault', undefined, guest.fault);
      mustBe('the word of the page', 7, guest.word(OTHER));
    },
  ),
  guestCheck(
    'flushed/unmapped',
    'bell, TLB_INVALIDATE: before the page is used for something else',
    'A page that was unmapped, and flushed, is not reached any more.',
    async (guest, rig) => {
      guest.map(PLACE, SYSTEM, OTHER);
      guest.submit(fill(PLACE, 7));
      await rig.settle();
      guest.map(PLACE, 0, 0);
      flush(guest);
      guest.submit(fill(PLACE, 9));
      await rig.settle();
      mustBe('the word of the page', 7, guest.word(OTHER));
      mustBe('the fault', 'NOT_PRESENT', guest.fault);
    },
  ),
  guestCheck(
    'flushed/unpinned',
    'ShadowPlace.settle: memory that nothing leads to any more is unpinned',
    'A page that was unmapped, and flushed, is pinned no longer once there was a submission.',
    async (guest, rig) => {
      guest.map(PLACE, SYSTEM, OTHER);
      guest.submit(fence(2));
      await rig.settle();
      mustBe('pinned pages, with one more mapped', SET_UP + 1, guest.vgpu.pinnedPages);
      guest.map(PLACE, 0, 0);
      flush(guest);
      guest.submit(fence(3));
      await rig.settle();
      mustBe('pinned pages, with it unmapped', SET_UP, guest.vgpu.pinnedPages);
    },
  ),
  guestCheck(
    'flushed/running',
    'bell, TLB_INVALIDATE: forgets cached translations',
    'A page that is mapped elsewhere while the channel runs, and flushed, is elsewhere for the packets behind.',
    async (guest, rig) => {
      guest.map(PLACE, SYSTEM, RAM.packets);
      guest.submit([...fill(PLACE, 7), ...waitFor(VA.data, 2), ...fill(PLACE, 9), ...fence(2)]);
      await rig.settle(SOON_NS);
      mustBe('the word of the first page', 7, guest.word(RAM.packets));
      guest.map(PLACE, SYSTEM, OTHER);
      flush(guest);
      guest.write(RAM.data, [2]);
      await rig.settle();
      mustBe('the words of both', [7, 9], [guest.word(RAM.packets), guest.word(OTHER)]);
    },
  ),
  guestCheck(
    'flushed/read-only',
    'bell, Page tables: WRITE',
    'A page that is made read-only, and flushed, is not written any more.',
    async (guest, rig) => {
      guest.map(PLACE, SYSTEM, OTHER);
      guest.submit(fill(PLACE, 7));
      await rig.settle();
      guest.map(PLACE, SYSTEM & ~pte.WRITE.mask, OTHER);
      flush(guest);
      guest.submit(fill(PLACE, 9));
      await rig.settle();
      mustBe('the word of the page', 7, guest.word(OTHER));
      mustBe('the fault', 'NOT_WRITABLE', guest.fault);
    },
  ),
  ...[true, false].map((barRemap) =>
    guestCheck(
      `stored/another-table${barRemap ? '' : '-trapped'}`,
      'bell, Page tables: a directory entry names a table',
      `A table that is stored by a block, before or after the directory names it, is followed${barRemap ? '' : ', with bar-remap=off too'}.`,
      async (guest, rig) => {
        const block = new Uint32Array((2 * PAGE_BYTES) / 4);
        block.set([RAM.data + SYSTEM, 0], PAGE_BYTES / 4);
        const bytes = new Uint8Array(block.buffer);
        guest.store(0, 1, 5 * PAGE_BYTES + pte.VALID.mask + pte.TABLE.mask);
        guest.vram.writeBlock(4 * PAGE_BYTES, bytes);
        guest.submit([...fill(2 << 20, 7), ...fence(2)]);
        await rig.settle();
        mustBe('the word through the first table', 7, guest.word(RAM.data));
        guest.vram.writeBlock(6 * PAGE_BYTES, bytes);
        guest.store(0, 2, 7 * PAGE_BYTES + pte.VALID.mask + pte.TABLE.mask);
        guest.submit([...fill(4 << 20, 8), ...fence(3)]);
        await rig.settle();
        mustBe('the word through the second', 8, guest.word(RAM.data));
      },
      barRemap,
    ),
  ),
  guestCheck(
    'stored/last-entry',
    'bell, Page tables: 512 entries',
    'The last entry of a table is followed as the first ones are.',
    async (guest, rig) => {
      const last = (2 << 20) - PAGE_BYTES;
      guest.map(last, SYSTEM, OTHER);
      guest.submit([...fill(last, 6), ...fence(2)]);
      await rig.settle();
      mustBe('the fault', undefined, guest.fault);
      mustBe('the word of the page', 6, guest.word(OTHER));
    },
  ),
  guestCheck(
    'stored/shared-table',
    'bell, Page tables: a directory entry names a table',
    'A table that is named twice is followed in both places.',
    async (guest, rig) => {
      guest.store(0, 1, PAGE_BYTES + pte.VALID.mask + pte.TABLE.mask);
      guest.submit([...fill((2 << 20) + VA.data, 5), ...fence(2)]);
      await rig.settle();
      mustBe('the word through the second entry', 5, guest.word(RAM.data));
      guest.map(PLACE, SYSTEM, OTHER);
      guest.submit([...fill(PLACE, 7), ...fill((2 << 20) + PLACE + 4, 8), ...fence(3)]);
      await rig.settle();
      mustBe('the words of the page', [7, 8], [guest.word(OTHER), guest.word(OTHER + 4)]);
    },
  ),
  guestCheck(
    'turned-on/root',
    'bell, PAGE_ROOT: reset the channel before another one',
    'After a reset with another root, the tables of that root hold.',
    async (guest, rig) => {
      const { channel } = guest;
      const [directory, table] = [8, 9];
      guest.store(directory, 0, table * PAGE_BYTES + pte.VALID.mask + pte.TABLE.mask);
      for (const [va, address] of [
        [VA.ring, RAM.ring],
        [VA.fence, RAM.fence],
        [VA.data, OTHER],
      ]) {
        guest.store(table, va / PAGE_BYTES, SYSTEM + address);
      }
      guest.start();
      channel.CONTROL.write(0);
      channel.PAGE_ROOT.write(directory);
      channel.CONTROL.write(1);
      guest.submit([...fill(VA.data, 5), ...fence(2)]);
      await rig.settle();
      mustBe('the words of both pages', [1, 5], [guest.word(RAM.data), guest.word(OTHER)]);
    },
  ),
  check(
    'guests/apart',
    'MediationKind.open: for one channel',
    'Two guests use the same addresses, and each has what is its own.',
    async (part) => {
      const rig = new MediatedHost();
      const guests = [1, 2].map((value) => {
        const guest = rig.guest({ barRemap: true, shadow: part });
        guest.map(PLACE, RW, 12 * PAGE_BYTES);
        guest.submit([...fill(VA.data, value), ...fill(PLACE, value), ...fence(value)]);
        return guest;
      });
      await rig.settle();
      guests.forEach((guest, index) => {
        const value = index + 1;
        const seen = [guest.word(RAM.data), guest.vram.read(12 * PAGE_BYTES, 4)];
        mustBe(`the words of guest ${index}`, [value, value], seen);
      });
      const [first] = guests;
      first.map(PLACE, SYSTEM, OTHER);
      flush(first);
      first.submit(fill(PLACE, 3));
      await rig.settle();
      mustBe('the word of the other guest', 0, guests[1].word(OTHER));
    },
  ),
  check(
    'save/goes-on',
    'Stateful: save, load',
    'From a state that was saved it goes on as if nothing had been; the state is plain data.',
    (part) => {
      forChannels(part, 'the same calls', (happened) => {
        const [straight, moved] = [new MockShadow(part), new MockShadow(part)];
        for (const event of happened) {
          straight.happens(event);
          const state = structuredClone(moved.policy.save());
          moved.policy = part.open(moved.place);
          moved.policy.load(state);
          moved.happens(event);
        }
        mustBe('the calls', straight.calls, moved.calls);
      });
    },
  ),
  check(
    'open/apart',
    'MediationKind.open: for one channel',
    'What happens to one channel makes no difference to another.',
    (part) => {
      forChannels(part, 'the same calls', (happened) => {
        const alone = new MockShadow(part);
        happened.forEach((event) => {
          alone.happens(event);
        });
        const [one, other] = [new MockShadow(part), new MockShadow(part)];
        for (const event of happened) {
          other.happens({ what: 'stored', page: 2, offset: 16 });
          one.happens(event);
          other.happens({ what: 'submitted', isRunning: true });
        }
        mustBe('the calls', alone.calls, one.calls);
      });
    },
  ),
  ...budgetChecks,
  check(
    'guests/same-pixels',
    'MediationPolicy',
    'Two guests that share a GPU under it draw what each draws alone.',
    async (part, bench) => {
      const alone = await bench.hashes('native', {}, ['triangle'], 2);
      const scenes = ['triangle', 'triangle'];
      const shared = await bench.hashes('mdev:shadow=own', ownParts(part), scenes, 2);
      mustBe('the frames of both', [alone[0], alone[0]], shared);
    },
  ),
  ...sceneChecks<MediationPart>({ stack: 'mdev:shadow=own', own: ownParts }, [
    'triangle',
    'image',
    'bunny',
  ]),
  ...sceneChecks<MediationPart>({ stack: 'mdev:shadow=own:bar-remap=off', own: ownParts }, [
    'triangle',
  ]).map((each) => ({ ...each, id: `${each.id}/trapped` })),
];
