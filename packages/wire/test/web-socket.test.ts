import { describe, expect, it } from 'vitest';
import { closeReason, SUBPROTOCOL } from '../src/web-socket.ts';

const bytes = (text: string): number => Buffer.byteLength(text);

describe('the reason in a close frame (RFC 6455 §5.5)', () => {
  it('is what was said, when it fits', () => {
    expect(closeReason('gone')).toBe('gone');
    expect(closeReason('x'.repeat(123))).toHaveLength(123);
  });

  it.each([
    ['two bytes', 'é'],
    ['three bytes', '€'],
    ['four bytes', '🐇'],
    ['half a pair', '\ud83d'],
  ])('has at most 123 bytes, whichever of them a character of %s would cross', (_name, char) => {
    for (let before = 115; before <= 124; before++) {
      const text = 'x'.repeat(before) + char.repeat(20);
      const reason = closeReason(text);
      expect(bytes(reason)).toBeLessThanOrEqual(123);
      expect(bytes(reason)).toBeGreaterThan(119);
      expect(text.startsWith(reason)).toBe(true);
    }
  });
});

it('names the version of the protocol in the handshake', () => {
  expect(SUBPROTOCOL).toBe('doorbell.1');
});
