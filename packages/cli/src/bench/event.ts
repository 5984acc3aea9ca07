/** The machine's events: timers handled, and events recorded in a trace. */
import { Machine, profiles, Tracer } from '@doorbell/hypervisor';
import { functionCalls } from './access.ts';
import type { Benchmark, Work } from './benchmark.ts';

const EVENTS = 8192;
/** What a busy machine has armed at a time. */
const TIMERS = 16;

/** Timers that arm themselves again, at times that keep the queue in disorder. */
function timers(): Work {
  const machine = new Machine([...profiles.values()][0]);
  const port = machine.timers((id) => {
    port.arm(id, 1000 + ((id * 7919) % 1000));
  });
  for (let id = 0; id < TIMERS; id++) {
    port.arm(id, 1 + id);
  }
  return {
    units: EVENTS,
    run: () => {
      const end = machine.eventsRun + EVENTS;
      while (machine.eventsRun < end) {
        machine.advance(100);
      }
      return machine.now;
    },
  };
}

function trace(recording: boolean): Work {
  return {
    units: EVENTS,
    run: () => {
      let now = 0;
      const tracer = new Tracer(() => ++now);
      tracer.recording = recording;
      for (let i = 0; i < EVENTS; i++) {
        tracer.event('mmioRead', i, 0);
      }
      return tracer.count;
    },
  };
}

export const eventBenchmarks: readonly Benchmark[] = [
  {
    name: 'events.timer',
    unit: 'event/s',
    against: 'function calls',
    prepare: () => ({ work: timers(), reference: functionCalls }),
  },
  {
    name: 'events.trace',
    unit: 'event/s',
    against: 'the trace off',
    prepare: () => ({ work: trace(true), reference: trace(false) }),
  },
];
