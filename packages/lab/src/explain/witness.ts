/**
 * Watches a stack while it runs, and says at its end why it is stuck. A driver that gives up cleans up
 * after itself, so the device is looked at when a wait runs into its time limit, before the driver
 * does anything about it.
 */
import { GpuError } from '@doorbell/abi';
import { Deadlock, EndlessPoll, type Cpu, type Symptom } from '@doorbell/hypervisor';
import type { Stack, StackGuest } from '../stacks/stack.ts';
import { channelSilent } from './bell.ts';
import { accessRefused } from './dma.ts';
import { Evidence } from './evidence.ts';
import type { Cause, Explanation } from './explanation.ts';
import { channelStopped } from './gpu-fault.ts';
import { notGiven } from './ownership.ts';
import { functionOff, neverDecoded, vectorsHeld } from './pci.ts';
import { notModelled, notReset } from './registers.ts';
import { deviceSilent } from './virtio.ts';

type Rule = (evidence: Evidence) => Cause | undefined;

/** Nothing moves. From the root on: what is off explains what did not arrive. */
const whenSilent: readonly Rule[] = [functionOff, silent];
/** A driver polls what stays as it is. */
const whenPolling: readonly Rule[] = [notModelled, ...whenSilent];
/** A driver gave up. */
const whenOver: readonly Rule[] = [
  neverDecoded,
  notModelled,
  accessRefused,
  channelStopped,
  notReset,
];

function silent(evidence: Evidence): Cause | undefined {
  const { virtio } = evidence;
  if (virtio !== undefined) {
    return deviceSilent(evidence, virtio.device);
  }
  // Looking at a mediated channel has a price, and would change the run.
  return evidence.stack.keeper === undefined
    ? channelSilent(evidence)
    : vectorsHeld(evidence, evidence.last('fence')?.id ?? 0);
}

export class Witness {
  private readonly stack: Stack;
  private cause: Cause | undefined;

  /** The stack's events are recorded from now on. */
  constructor(stack: Stack) {
    this.stack = stack;
    const { machine } = stack.host;
    machine.tracer.recording = true;
    machine.onSymptom = (symptom) => {
      this.look(symptom);
    };
  }

  /** The first that is found counts: what comes later may follow from it. */
  private look(symptom: Symptom): void {
    if (symptom.kind === 'poll') {
      this.apply(whenPolling, this.stack.guests);
    } else {
      this.apply(whenSilent, this.guestsOn(symptom.cpu));
    }
  }

  private guestsOn(cpu: Cpu): readonly StackGuest[] {
    return this.stack.guests.filter((guest) => guest.cpu === cpu);
  }

  private apply(rules: readonly Rule[], guests: readonly StackGuest[]): void {
    for (const guest of guests) {
      const evidence = new Evidence(this.stack, guest);
      for (const rule of rules) {
        this.cause ??= rule(evidence);
      }
    }
  }

  /** With the event that its step is. */
  private placed(cause: Cause): Cause {
    const { tracer } = this.stack.host.machine;
    if (cause.step === 0) {
      return cause;
    }
    const { kind, time: timeNs } = tracer.at(cause.step);
    return { ...cause, event: { kind, timeNs } };
  }

  /** @param error  what ended the run, or what a guest ended with; undefined: it ended well. */
  explain(error: Error | undefined): Explanation {
    if (error instanceof Deadlock) {
      this.apply(whenSilent, this.stack.guests);
    }
    if (error !== undefined && gaveUp(error)) {
      this.apply(whenOver, this.stack.guests);
    }
    return explanation(this.cause && this.placed(this.cause), error);
  }
}

/** Of a run that had no stack to begin with. Undefined: that is no matter of being stuck. */
export function explainRefusal(error: unknown): Explanation | undefined {
  const cause = notGiven(error);
  return cause === undefined || !(error instanceof Error) ? undefined : explanation(cause, error);
}

function explanation(cause: Cause | undefined, error: Error | undefined): Explanation {
  return {
    schema: 'doorbell.explain/1',
    stuck: cause !== undefined || (error !== undefined && gaveUp(error)),
    causes: cause === undefined ? [] : [cause],
    error: error === undefined ? null : `${error.name}: ${error.message}`,
  };
}

/** Whether the error is of one who waited in vain, or whose device is not as it should be. */
function gaveUp(error: Error): boolean {
  return error instanceof GpuError
    ? error.code === 'hang' || error.code === 'lost' || error.code === 'fault'
    : error instanceof Deadlock || error instanceof EndlessPoll || error.name === 'ProbeError';
}
