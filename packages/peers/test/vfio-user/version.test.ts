import { expect, it } from 'vitest';
import { agreeOnVersion } from '../../src/vfio-user/version.ts';

const proposal = (capabilities: object, major = 0): Uint8Array =>
  Buffer.concat([
    Uint8Array.of(major, 0, 1, 0),
    Buffer.from(`${JSON.stringify({ capabilities })}\0`),
  ]);

const replied = (reply: Uint8Array): unknown =>
  JSON.parse(Buffer.from(reply.subarray(4, -1)).toString());

it('offers capabilities that were proposed, and no others', () => {
  const reply = agreeOnVersion(proposal({ max_msg_fds: 8, write_multiple: true, twin_socket: {} }));
  expect([...reply.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
  expect(reply.at(-1)).toBe(0);
  expect(replied(reply)).toEqual({ capabilities: { max_msg_fds: 8, write_multiple: true } });
});

it('takes a version without data, and data without its zero', () => {
  expect(replied(agreeOnVersion(Uint8Array.of(0, 0, 0, 0)))).toEqual({ capabilities: {} });
  expect(replied(agreeOnVersion(proposal({}).subarray(0, -1)))).toEqual({ capabilities: {} });
});

it('has nothing to say to another major version, or to what is no JSON object', () => {
  expect(() => agreeOnVersion(proposal({}, 1))).toThrow('version 1');
  expect(() => agreeOnVersion(Uint8Array.of(0, 0))).toThrow('no version');
  for (const text of ['{', '"', '{"capabilities":3}', '{"capabilities":"a"}']) {
    const data = Buffer.concat([new Uint8Array(4), Buffer.from(text)]);
    expect(() => agreeOnVersion(data), text).toThrow('no JSON object');
  }
});
