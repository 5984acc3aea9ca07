/**
 * Two runs side by side, by the application's calls: the application is the same on all stacks,
 * so its calls are, and so are their ids.
 */
import type { RequestId } from '@doorbell/abi';
import type { Recording } from './recording.ts';
import { requestsOf, type TracedRequest } from './requests.ts';

export interface AlignedRequest {
  readonly request: RequestId;
  readonly guest: number;
  readonly call: string;
  /** Of each run; undefined where it has no such request: it ended before. */
  readonly a: TracedRequest | undefined;
  readonly b: TracedRequest | undefined;
}

/** By request; what was done for none comes first. */
export function align(
  a: Pick<Recording, 'events'>,
  b: Pick<Recording, 'events'>,
): readonly AlignedRequest[] {
  const [ofA, ofB] = [a, b].map(({ events }) => byRequest(requestsOf(events)));
  const requests = [...new Set([...ofA.keys(), ...ofB.keys()])].sort((one, other) => one - other);
  return requests.flatMap((request) => pairs(ofA.get(request), ofB.get(request)));
}

function byRequest(requests: readonly TracedRequest[]): ReadonlyMap<RequestId, TracedRequest> {
  return new Map(requests.map((each) => [each.request, each]));
}

/** One pair; or two halves, where the applications were not the same and made other calls. */
function pairs(a: TracedRequest | undefined, b: TracedRequest | undefined): AlignedRequest[] {
  const isPair = a === undefined || b === undefined || a.call === b.call;
  const sides = isPair
    ? [{ a, b }]
    : [
        { a, b: undefined },
        { a: undefined, b },
      ];
  return sides.flatMap((side) => {
    const present = side.a ?? side.b;
    if (present === undefined) {
      return [];
    }
    const { request, guest, call } = present;
    return [{ request, guest, call, ...side }];
  });
}
