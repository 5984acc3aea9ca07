/** docs/reference/trace.md. */
import { eventKinds, events } from '../trace.ts';
import { page, table } from './markdown.ts';

export function tracePage(): string {
  return page(
    'Trace events',
    `A trace records every event with a time (virtual nanoseconds), a sequence number, an actor, a
kind, two arguments, the request of the application that it serves, and its cause.`,
    `The sequence number is the event's id; ids count from 1 and 0 means "none". The cause is the id
of the event that made this one happen. Following causes from a fence back to the application walks
the chain: app call, access, exit, handler, device, DMA, interrupt, driver. The request is the
application's call that all of it was done for, so that the work of one call can be cut out of a
trace in which many overlap.`,
    `Numbers do not change: a kind is only ever added at the end, and a recorded trace stays readable.`,
    table(
      ['Number', 'Kind', 'Actor', 'First argument', 'Second argument', 'Meaning'],
      eventKinds.map((kind, number) => {
        const { actor, a, b, doc } = events[kind];
        return [number, kind, actor, a, b, doc];
      }),
    ),
  );
}
