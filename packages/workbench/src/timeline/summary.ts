/** What the timeline shows, in words. */
import type { Catalogue, Standing } from '../machine/contract.ts';
import { guestOf, REQUESTS_EACH } from './ends.ts';
import { exactTimeText, timeText } from './ticks.ts';
import type { Track } from './lanes.ts';

/** For those who do not see the canvas. */
export function summaryOf(tracks: readonly Track[], standing: Standing | undefined): string {
  if (tracks.length === 0) {
    return 'Nothing was recorded yet.';
  }
  const runs = tracks.map(({ name, columns, last, lanes }) => {
    const counts = lanes.map(({ label, ids }) => `${label} ${ids.length}`).join(', ');
    return `${columns.times.length} events of ${name} over ${timeText(last)} (${counts}).`;
  });
  const places = tracks.flatMap(({ name }, track) => {
    const place = standing?.places[track];
    return place === undefined
      ? []
      : [`${name} stands ${place.at === 0 ? '' : 'at '}${place.text}.`];
  });
  return [...runs, ...places].join(' ');
}

/** One event, as a tooltip shows it. */
export interface Details {
  readonly kind: string;
  readonly doc: string;
  readonly rows: readonly (readonly [string, string])[];
}

export function detailsOf(track: Track, kinds: Catalogue['kinds'], id: number): Details {
  const { columns, origin, ends } = track;
  const { name, doc } = kinds[columns.kinds[id - 1]];
  const time = columns.times[id - 1];
  const end = ends[id - 1];
  const request = columns.requests[id - 1];
  const rows: (readonly [string, string])[] = [
    ['event', String(id)],
    ['at', exactTimeText(time - origin)],
  ];
  if (end !== 0) {
    rows.push(['lasts', exactTimeText(columns.times[end - 1] - time)]);
  }
  if (request !== 0) {
    const guest = guestOf(request);
    const of = guest === 0 ? '' : ` of guest ${guest}`;
    rows.push(['request', `${request % REQUESTS_EACH}${of}`]);
  }
  return { kind: name, doc, rows };
}
