import { describe, expect, it } from 'vitest';
import { payloadOf } from '../../src/linux/kernel.ts';

/** A bzImage with two sectors of setup (setup_sects 1), and a payload 16 bytes behind them. */
function image(payload: Uint8Array, uncompressedBytes: number): Uint8Array {
  const bytes = new Uint8Array(2 * 512 + 16 + payload.length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint8(0x1f1, 1);
  bytes.set(Buffer.from('HdrS'), 0x202);
  view.setUint32(0x248, 16, true);
  view.setUint32(0x24c, payload.length + 4, true);
  bytes.set(payload, 2 * 512 + 16);
  view.setUint32(bytes.length - 4, uncompressedBytes, true);
  return bytes;
}

describe('payloadOf', () => {
  it('finds the compressed kernel, without the size that follows it', () => {
    const payload = Uint8Array.from([1, 2, 3, 4, 5]);
    const found = payloadOf(image(payload, 0x12345));
    expect(found).toEqual({ compressed: payload, uncompressedBytes: 0x12345 });
  });

  it('refuses what is no bzImage', () => {
    expect(() => payloadOf(new Uint8Array(4096))).toThrow('no bzImage');
    expect(() => payloadOf(new Uint8Array(16))).toThrow('no bzImage');
  });

  it('refuses one that was cut', () => {
    const whole = image(new Uint8Array(100), 1000);
    expect(() => payloadOf(whole.subarray(0, whole.length - 1))).toThrow('ends before');
  });
});
