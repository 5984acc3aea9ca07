/** What runs in the thread of a device. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { loadLibc } from '../native/libc.ts';
import type { Question, ThreadData } from './control.ts';
import { type Control, DeviceLoop } from './device-loop.ts';

const port = parentPort;
if (port !== null) {
  const control: Control = {
    post: (message) => {
      port.postMessage(message);
    },
    take: () => receiveMessageOnPort(port)?.message as Question | undefined,
  };
  const loop = new DeviceLoop(await loadLibc(), workerData as ThreadData, control);
  control.post({ kind: 'listening' });
  await loop.run();
  port.close();
}
