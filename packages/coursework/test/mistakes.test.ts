/** The checks of edu's driver and of a channel's find mistakes that are easily made there. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Mutant } from '../src/index.ts';
import { Checker } from '../src/node/index.ts';

const EDU = 'packages/guest-driver/src/edu.ts';
const RING = 'packages/guest-driver/src/bell/ring.ts';
const FENCE = 'packages/guest-driver/src/bell/fence.ts';
const CHANNEL = 'packages/coursework/src/reference/channel.ts';

/** Of which kind, in which file, what stands there, what stands in its place, and which check finds it. */
const mistakes: readonly (readonly [Mutant['kind'], string, string, string, string])[] = [
  [
    'edu',
    EDU,
    "throw new ProbeError('The function is no edu.');",
    'return;',
    'edu/probe/another-device',
  ],
  ['edu', EDU, ' || this.registers.LIVENESS.read() !== ~id >>> 0', '', 'edu/probe/mute'],
  [
    'edu',
    EDU,
    'INTERRUPT_ACKNOWLEDGE.write(raised)',
    'INTERRUPT_ACKNOWLEDGE.write(0)',
    'edu/factorial/acknowledged',
  ],
  [
    'edu',
    EDU,
    'return this.mutex.holding(async () => {\n      await this.perform(eduInterrupts.FACTORIAL',
    'return Promise.resolve().then(async () => {\n      await this.perform(eduInterrupts.FACTORIAL',
    'edu/factorial/at-once',
  ],
  [
    'edu',
    EDU,
    'return this.registers.FACTORIAL.read();',
    'return this.registers.FACTORIAL.read() | 0;',
    'edu/factorial/modulo',
  ],
  [
    'edu',
    EDU,
    'await this.transfer(this.iova, eduBuffer.address + offset',
    'await this.transfer(this.page, eduBuffer.address + offset',
    'edu/dma/iova',
  ],
  [
    'edu',
    EDU,
    'await this.transfer(eduBuffer.address + offset, this.iova',
    'await this.transfer(eduBuffer.address, this.iova',
    'edu/dma/part',
  ],
  [
    'edu',
    EDU,
    'offset < 0 || offset + bytes > eduBuffer.bytes',
    'offset < 0 || offset > eduBuffer.bytes',
    'edu/dma/end',
  ],
  [
    'edu',
    EDU,
    'this.undo.push(() => device.dma.unmap(this.iova, eduBuffer.bytes));',
    '',
    'edu/remove/gives-back',
  ],
  [
    'edu',
    EDU,
    'this.undo.push(enableBusMaster(device.config));',
    'enableBusMaster(device.config);',
    'edu/remove/as-found',
  ],
  ['channel', RING, 'if (at !== end) {', 'if (at < 0) {', 'bell/ring/wraps'],
  ['channel', FENCE, '((word - fence) | 0) >= 0', 'word >= fence', 'bell/fence/wraps'],
  ['channel', CHANNEL, 'this.ring.release(this.pending[0].fenceAt);', '', 'bell/ring/full'],
  [
    'channel',
    CHANNEL,
    'fence, 1], packets.length',
    'fence, 0], packets.length',
    'bell/fence/not-before',
  ],
  [
    'channel',
    CHANNEL,
    'this.place.registers.INTERRUPT.write(causes);',
    '',
    'bell/interrupt/acknowledged',
  ],
  [
    'channel',
    CHANNEL,
    'if (this.lost.has(fence)) {',
    'if (this.lost.has(-1)) {',
    'bell/fault/told',
  ],
  [
    'channel',
    CHANNEL,
    '    this.ring.reset();\n    this.placed = 0;',
    '    this.ring.reset();',
    'bell/fault/neighbours',
  ],
  [
    'channel',
    CHANNEL,
    'if (packets.byteLength > this.place.ring.bytes / 2) {',
    'if (packets.byteLength > this.place.ring.bytes) {',
    'bell/ring/longest',
  ],
];

describe('what is wrong in one place', () => {
  const checker = new Checker(20_000);
  afterAll(() => {
    checker.close();
  });

  it.each(mistakes)(
    'of %s, in %s, is found: %s',
    { timeout: 60_000 },
    async (kind, file, from, to, caughtBy) => {
      const words = { cite: 'nobody', symptom: 'None.', cause: 'None.' };
      const target = { id: caughtBy, kind, file, from, to, caughtBy, ...words };
      const reports = await checker.check(
        {
          target,
          out: join(tmpdir(), 'doorbell-mistakes'),
          choose: (checks) => checks.filter(({ id }) => id === caughtBy),
        },
        new AbortController().signal,
      );
      expect(reports.map(({ id, status }) => [id, status])).toEqual([[caughtBy, 'failed']]);
    },
  );
});
