/** docs/reference/trace.md. */
import { eventKinds, events, type EventRow } from '../trace.ts';
import { waits } from '../ports.ts';
import { list, page, table } from './markdown.ts';

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
    `A trace of a real peer (doorbell peers run --trace) has the same events, as far as our device
sees them, and differs in two things: its times are nanoseconds of wall-clock time from its first
event on, and its requests are virtio-gpu commands, one each, as its applications are not ours.`,
    `Numbers do not change: a kind is only ever added at the end, and a recorded trace stays readable.`,
    table(
      ['Number', 'Kind', 'Actor', 'First argument', 'Second argument', 'Third argument', 'Meaning'],
      eventKinds.map((kind, number) => {
        const { actor, a, b, c = '', doc }: EventRow = events[kind];
        return [number, kind, actor, a, b, c, doc];
      }),
    ),
    '## Waits',
    `The reason of a wait, and of the wake that ends it, is the number of what is waited for.`,
    table(
      ['Number', 'Reason', 'What is waited for'],
      Object.entries(waits).map(([reason, doc], number) => [number, reason, doc]),
    ),
    '## The file',
    `doorbell trace records runs into one file, which holds all that it takes to replay them. Its
first line is its kind and version. The second is the SHA-256 of the rest, in hexadecimal, and its
length in bytes. The rest is compressed (zlib, RFC 1950), and then MessagePack with the extensions of
msgpackr for typed arrays and for objects that are there more than once. Of each stack it holds:`,
    list([
      'request: the stack with its options, the scene, the size of the window, the frames and the seed; the cost profile, model and texture whole; the guests, if it was asked for guests',
      'events: the table above by column, each a typed array with one entry per event',
      'crossings: what drivers, applications and backends did to the machine, one row of numbers each, and the bytes that were read or written',
      'checkpoints: the whole state of machine and devices, after so many events and crossings. A page of memory that did not change from one to the next is there once',
      "source: the drivers' lines that the events name, and locals, of a trace that was made with --source",
      'report: what compare reports of the run, but for its wall time, which is 0; or error: why it came to no end. And the explanation, of a run that was stuck',
    ]),
    `Of a real peer there is nothing to replay, and in the place of all that it holds:`,
    list([
      'peer: its name, the system at the other end, where the guest has placed the BARs of our device, and whether the recording is whole: it ends at 2,000,000 events, and the run goes on',
      'events: as above. What is stored to a framebuffer one word after the other is one event, of 4 KiB at most; what the device loads and stores of rings is left out',
      'rings: of each virtqueue at each kick where it lies, and the bytes that have changed since the kick before',
      'words: what a command says, and why a device needed a reset, by the number of the event',
      'error: why the run failed, if it did',
    ]),
    `The same run gives the same file, byte for byte. A file that is cut short, that has a bit flipped,
that is of another version, or whose stack or scene there is no more, is refused.`,
    '```sh\nnpx doorbell trace --stacks native,emulated --scene triangle --frames 4 --out frames.trace\nnpx doorbell trace diff frames.trace\nnpx doorbell trace export frames.trace --format perfetto --out frames.json\nnpx doorbell trace export frames.trace#emulated --format csv --out frames.csv\n```',
    `trace diff aligns the calls of two stacks, which have the same ids, and says what differs: exits by
reason, accesses, DMA, interrupts, copies, time. The first export opens in
[Perfetto](https://ui.perfetto.dev): a process for each stack and guest, a track for each actor, an
arrow from the cause of each event; times are virtual microseconds, and what takes no time is drawn
with one nanosecond. Slices of one track must nest, and what an actor does at once need not: two waits
of a driver may overlap. What would cross a slice of its actor's track is on a further one,
such as device (2). The second has a row of counts for each call.`,
  );
}
