import { decodeTlpHeader } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { doorbell } from './captured.ts';

interface Report {
  readonly schema: string;
  readonly stack: string;
  readonly summary: { readonly total: { readonly packets: number } };
  readonly packets: readonly {
    readonly number: number;
    readonly header: object;
    readonly headerHex: string;
    readonly for: string;
  }[];
}

test('prints packets as a table, says how many more there are, and sums them up', async () => {
  const { code, stdout, stderr } = await doorbell('tlp --count 4');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^ *1 +0 +↓ +CfgRd0 +00:00.0 +0 +01:00.0 +3\/0 +1 +config 0x000 VENDOR_ID$/m,
  );
  expect(stdout).toMatch(/^\d+ more of \d+: --from 5 --count 4$/m);
  expect(stdout).toMatch(/^payload: \d+\.\d % of the bytes on the link$/m);
  expect(stdout).not.toContain('\u001b');
});

test('writes JSON whose headers are the bytes on the link, from the packet that is asked for', async () => {
  const { code, stdout } = await doorbell('tlp --stack passthrough --from 3 --count 1000 --json -');
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as Report;
  expect(report).toMatchObject({ schema: 'doorbell.tlp/1', stack: 'passthrough' });
  expect(report.packets[0].number).toBe(3);
  expect(report.packets.length).toBe(report.summary.total.packets - 2);
  for (const { header, headerHex } of report.packets) {
    expect(decodeTlpHeader(Buffer.from(headerHex, 'hex'))).toEqual(header);
  }
  expect(report.packets.map((packet) => packet.for)).toContain('BAR1+0x0000 doorbell 0 TAIL');
});

test('says so where a run has no packets, or not so many', async () => {
  expect((await doorbell('tlp --stack emulated')).stdout).toMatch(/^emulated: no packet\./);
  expect((await doorbell('tlp --from 999999')).stdout).toMatch(/^There are \d+ packets\.$/m);
});

test("reads the header of the kernel's example of an AER log", async () => {
  // `doorbell` splits at spaces, so the words are separated by commas.
  const { code, stdout } = await doorbell('tlp --decode 0x04000001,0x00200a03,0x05010000');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^CfgRd0 \(non-posted\)/);
  expect(stdout).toMatch(/^ {2}requester +00:04\.0$/m);
  expect(stdout).toMatch(/^ {2}completer +05:00\.1$/m);
  expect(stdout).toMatch(/^ {2}firstBe +0011b$/m);
});

test('writes a header as JSON, and nothing else', async () => {
  const { stdout } = await doorbell('tlp --json - --decode 60000001,0100000f,000000ff,ffffe000');
  expect(JSON.parse(stdout)).toMatchObject({
    header: { type: 'MWr', requester: '01:00.0', address: 0xff_ffff_e000 },
  });
});

test.each([
  ['tlp --decode 0400', /'0400' is not a header/],
  ['tlp --decode 04000001,00200a03', /cut short/],
  ['tlp --decode ffffffff,ffffffff,ffffffff', /not known/],
  ['tlp --stack native,emulated', /more than one stack/],
  ['tlp --stack pv --pv-transport worker', /leave it inline/],
  ['tlp --scene moon', /'moon'/],
  ['tlp --count -1', /whole number/],
])('%s is refused with exit code 2', async (line, message) => {
  const { code, stderr, stdout } = await doorbell(line);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
