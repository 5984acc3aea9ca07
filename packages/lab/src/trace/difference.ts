/** What two stacks did differently for the same calls: by kind of call, and call by call. */
import { exitReasons } from '@doorbell/hypervisor';
import { align, type AlignedRequest } from './align.ts';
import type { Recording } from './recording.ts';
import { noWork, requestCounts, type RequestCounts, type TracedRequest } from './requests.ts';

/** What one stack did for a request, or for all requests of one kind. */
export interface Work extends RequestCounts {
  /** From call to return: work that goes on behind it is counted, and its time is not here. */
  readonly virtualNs: number;
}

export interface Difference {
  readonly call: string;
  readonly a: Work;
  readonly b: Work;
}

/** All calls of one kind. */
export interface CallDifference extends Difference {
  readonly requests: number;
}

export interface RequestDifference extends Difference {
  readonly request: number;
  readonly guest: number;
  /** Whether either stack lacks it: its run ended before, or its application made another call. */
  readonly missing: 'a' | 'b' | undefined;
}

export interface TraceDifference {
  /** The largest difference in virtual time first. */
  readonly calls: readonly CallDifference[];
  /** All of them, in the same order. */
  readonly requests: readonly RequestDifference[];
}

export function traceDifference(
  a: Pick<Recording, 'events'>,
  b: Pick<Recording, 'events'>,
): TraceDifference {
  const requests = align(a, b).map(requestDifference);
  const names = [...new Set(requests.map(({ call }) => call))];
  const calls = names.map((call) => {
    const some = requests.filter((each) => each.call === call);
    const [a, b] = [sum(some.map((each) => each.a)), sum(some.map((each) => each.b))];
    return { call, requests: some.length, a, b };
  });
  return { calls: calls.sort(byTime), requests: requests.sort(byTime) };
}

function requestDifference({ request, guest, call, a, b }: AlignedRequest): RequestDifference {
  const missing = a === undefined ? 'a' : b === undefined ? 'b' : undefined;
  return { request, guest, call, a: workOf(a), b: workOf(b), missing };
}

function byTime(one: Difference, other: Difference): number {
  const apart = ({ a, b }: Difference): number => Math.abs(b.virtualNs - a.virtualNs);
  return apart(other) - apart(one);
}

function workOf(request: TracedRequest | undefined): Work {
  return sum(request === undefined ? [] : [{ ...request.counts, virtualNs: request.virtualNs }]);
}

function sum(works: readonly Work[]): Work {
  const total = { virtualNs: 0, ...noWork() };
  for (const work of works) {
    total.virtualNs += work.virtualNs;
    for (const name of requestCounts) {
      total[name] += work[name];
    }
    for (const reason of exitReasons) {
      total.exitsByReason[reason] += work.exitsByReason[reason];
    }
  }
  return total;
}
