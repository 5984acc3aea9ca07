/** docs/reference/trace.md. */
import { eventKinds, events, type EventRow } from '../trace.ts';
import { page, table } from './markdown.ts';

export function tracePage(): string {
  return page(
    'Trace events',
    `A trace records every event with a time (virtual nanoseconds), a sequence number, an actor, a
kind, up to three arguments, the request of the application that it serves, and its cause.`,
    `The sequence number is the event's id; ids count from 1 and 0 means "none". The cause is the id
of the event that made this one happen. Following causes from a fence back to the application walks
the chain: app call, access, exit, handler, device, DMA, interrupt, driver. The request is the
application's call that all of it was done for, so that the work of one call can be cut out of a
trace in which many overlap. Where the driver's source is followed, an event also has the line of
the driver's statement that ran: what a timer or a device does by itself has none.`,
    `A crossing is one number that says how an access crossed the physical bus: 8 times where, plus
how. It is 0 when none was crossed: the access trapped, or memory of the host or a device model in
software stands for the device. Where is an address on that bus, which for a guest is not the one
that its driver used; or a routing ID. From crossings the packets of a run are derived.`,
    `Numbers do not change: a kind is only ever added at the end, and a recorded trace stays readable.`,
    table(
      ['Number', 'Kind', 'Actor', 'First argument', 'Second argument', 'Third argument', 'Meaning'],
      eventKinds.map((kind, number) => {
        const { actor, a, b, c = '', doc }: EventRow = events[kind];
        return [number, kind, actor, a, b, c, doc];
      }),
    ),
  );
}
