/** One recording laid out: its lanes, and in each its events and bars in the order of time. */
import type { Catalogue, KindRow, Side } from '../machine/contract.ts';
import { barsOf } from './bars.ts';
import { endsOf, guestOf } from './ends.ts';
import type { Track } from './lanes.ts';
import { orderOf } from './order.ts';

type Actor = KindRow['actor'];

/** Guests beyond these share the lanes of the last. */
const GUESTS_SHOWN = 8;

/** What happens once for each guest, and what they share. */
const ofGuests: readonly Actor[] = ['app', 'driver'];
const ofAll: readonly Actor[] = ['hypervisor', 'iommu', 'device'];

export function trackOf(
  { name, guests, columns }: Pick<Side, 'name' | 'guests' | 'columns'>,
  kinds: Catalogue['kinds'],
): Track {
  const order = orderOf(columns.times);
  const ends = endsOf(columns, kinds);
  const origin = originOf(columns, kinds);
  const laneOf = lanesByEvent(columns, kinds, guests);
  const counts = new Uint32Array(names(guests).length);
  const barCounts = new Uint32Array(counts.length);
  for (let place = 0; place < laneOf.length; place++) {
    counts[laneOf[place]]++;
    barCounts[laneOf[place]] += ends[place] === 0 ? 0 : 1;
  }
  const sheets = names(guests).map((each, lane) => ({
    ...each,
    times: new Float64Array(counts[lane]),
    ids: new Uint32Array(counts[lane]),
    barIds: new Uint32Array(barCounts[lane]),
    starts: new Float64Array(barCounts[lane]),
    barEnds: new Float64Array(barCounts[lane]),
  }));
  counts.fill(0);
  barCounts.fill(0);
  const { times } = columns;
  for (const place of order) {
    const lane = laneOf[place];
    const sheet = sheets[lane];
    const time = times[place] - origin;
    sheet.times[counts[lane]] = time;
    sheet.ids[counts[lane]++] = place + 1;
    if (ends[place] !== 0) {
      const bar = barCounts[lane]++;
      sheet.barIds[bar] = place + 1;
      sheet.starts[bar] = time;
      // At least a nanosecond: a point in virtual time can be seen and be clicked on.
      sheet.barEnds[bar] = Math.max(time + 1, times[ends[place] - 1] - origin);
    }
  }
  const { length } = order;
  return {
    ...{ name, columns, origin, laneOf, ends },
    first: length === 0 ? 0 : times[order[0]] - origin,
    last: length === 0 ? 0 : times[order[length - 1]] - origin,
    lanes: sheets.map(({ actor, label, times, ids, barIds, starts, barEnds }) => ({
      ...{ actor, label, times, ids },
      bars: barsOf(barIds, starts, barEnds),
    })),
  };
}

/** When the application's first call begins; a run without one begins with its first event. */
function originOf({ times, kinds }: Side['columns'], table: Catalogue['kinds']): number {
  const call = table.findIndex(({ name }) => name === 'appCall');
  let first = Infinity;
  let firstCall = Infinity;
  for (let place = 0; place < times.length; place++) {
    first = Math.min(first, times[place]);
    if (kinds[place] === call) {
      firstCall = Math.min(firstCall, times[place]);
    }
  }
  return firstCall < Infinity ? firstCall : first < Infinity ? first : 0;
}

function names(guests: number): readonly { readonly actor: Actor; readonly label: string }[] {
  const shown = Math.max(1, Math.min(guests, GUESTS_SHOWN));
  const own = Array.from({ length: shown }, (_, guest) => {
    const more = guest === GUESTS_SHOWN - 1 && guests > GUESTS_SHOWN ? `–${guests - 1}` : '';
    const suffix = guests > 1 ? ` ${guest}${more}` : '';
    return ofGuests.map((actor) => ({ actor, label: `${actor}${suffix}` }));
  });
  return [...own.flat(), ...ofAll.map((actor) => ({ actor, label: actor }))];
}

function lanesByEvent(
  { kinds, requests }: Side['columns'],
  table: Catalogue['kinds'],
  guests: number,
): Uint8Array {
  const shown = Math.max(1, Math.min(guests, GUESTS_SHOWN));
  const isShared = new Uint8Array(256);
  const rows = new Uint8Array(256);
  table.forEach(({ actor }, number) => {
    const shared = ofAll.indexOf(actor);
    isShared[number] = shared === -1 ? 0 : 1;
    rows[number] = shared === -1 ? ofGuests.indexOf(actor) : shown * ofGuests.length + shared;
  });
  const lanes = new Uint8Array(kinds.length);
  for (let place = 0; place < kinds.length; place++) {
    const kind = kinds[place];
    const guest = isShared[kind] === 1 ? 0 : Math.min(guestOf(requests[place]), shown - 1);
    lanes[place] = rows[kind] + guest * ofGuests.length;
  }
  return lanes;
}

/** Where an event of the track lies; `undefined` of 0 and of what it does not have. */
export function timeOf({ columns, origin }: Track, id: number): number | undefined {
  return id > 0 && id <= columns.times.length ? columns.times[id - 1] - origin : undefined;
}
