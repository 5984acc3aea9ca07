/** Labs on a device and its driver. */
import type { Lab } from './lab.ts';

export const eduLab: Lab = {
  number: 1,
  title: 'Registers and edu',
  task: 'Write a driver of edu: registers, an interrupt, DMA.',
  kind: 'edu',
  hours: 4,
  handout: 'docs/labs/1-edu.md',
  groups: [
    { title: 'The right device, and no other', points: 10, checks: /^edu\/probe\// },
    { title: 'Factorials', points: 20, checks: /^edu\/factorial\/(small|modulo|at-once)$/ },
    { title: 'By interrupt', points: 20, checks: /^edu\/factorial\/(interrupt|acknowledged)$/ },
    { title: 'DMA', points: 30, checks: /^edu\/dma\// },
    { title: 'Nothing left behind', points: 10, checks: /^edu\/remove\// },
    { title: 'In a virtual machine', points: 10, checks: /^edu\/vm\// },
  ],
};

export const channelLab: Lab = {
  number: 2,
  title: "A driver for bell's rings and fences",
  task: 'Drive one channel of a GPU: its ring, its doorbell, its fences, its faults.',
  kind: 'channel',
  hours: 8,
  handout: 'docs/labs/2-rings-and-fences.md',
  groups: [
    { title: 'Packets run', points: 15, checks: /^bell\/ring\/(runs|order|empty)$/ },
    {
      title: 'The ring has an end',
      points: 25,
      checks: /^bell\/ring\/(wraps|full|at-once|longest)$/,
    },
    { title: 'Fences', points: 20, checks: /^bell\/fence\// },
    { title: 'Interrupts and doorbells', points: 20, checks: /^bell\/(interrupt|doorbell)\// },
    { title: 'Faults', points: 20, checks: /^bell\/fault\// },
  ],
};
