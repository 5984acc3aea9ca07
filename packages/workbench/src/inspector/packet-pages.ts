/** Pages of a run's packets: which ones can be gone to from the one that is shown. */
import { PACKETS_SHOWN } from '../machine/contract.ts';

/** The number of each page's first packet, from 1; undefined: there is nothing there. */
export interface PacketPages {
  readonly start: number | undefined;
  readonly earlier: number | undefined;
  readonly later: number | undefined;
  readonly end: number | undefined;
}

/** @param first  that is shown, of `total`; a page is full but where there are not so many. */
export function packetPages(first: number, total: number): PacketPages {
  const last = Math.max(1, total - PACKETS_SHOWN + 1);
  const isFirst = first <= 1;
  const isLast = first >= last;
  return {
    start: isFirst ? undefined : 1,
    earlier: isFirst ? undefined : Math.max(1, first - PACKETS_SHOWN),
    later: isLast ? undefined : Math.min(last, first + PACKETS_SHOWN),
    end: isLast ? undefined : last,
  };
}
