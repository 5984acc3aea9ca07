import { channelReport, faults } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { faultOf } from '../../src/assisted/fault.ts';

const error = (fault: number, packet = 0x5000): ReturnType<typeof faultOf> =>
  faultOf(channelReport.encode({ stopped: 1, fault, address: 0x1000, packet }));

test('names the reason, the place and the packet', () => {
  expect(error(0x2201)).toMatchObject({
    code: 'fault',
    message: 'bell: NOT_PRESENT at 0x1000 (packet 0x22 at 0x5000). No page is mapped there.',
  });
  expect(error(faults.HANG.code)).toMatchObject({ code: 'hang' });
  expect(error(faults.BAD_TAIL.code, 0).message).toContain('BAD_TAIL at 0x1000 (doorbell)');
});

test('says when no datasheet has it', () => {
  expect(error(0xff).message).toContain('fault 255, which no datasheet has');
  expect(error(0)).toMatchObject({ code: 'fault' });
});
