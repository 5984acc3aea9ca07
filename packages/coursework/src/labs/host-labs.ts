/** Labs on what a host does for its guests. */
import type { Lab } from './lab.ts';

export const invalidationLab: Lab = {
  number: 3,
  title: 'IOMMU and a rogue DMA',
  task: 'Say when the IOMMU forgets what a driver has unmapped: soon enough to be safe, seldom enough to be cheap.',
  kind: 'invalidation',
  hours: 4,
  handout: 'docs/labs/3-rogue-dma.md',
  groups: [
    {
      title: 'Safe: nothing is given out again that a device reaches',
      points: 30,
      checks: /^invalidation\/(release|rogue)\//,
    },
    {
      title: 'Within the bound that it promises',
      points: 20,
      checks: /^invalidation\/(kind|exposure|unmapped)\//,
    },
    { title: 'Cheap: one command for many', points: 20, checks: /^invalidation\/cost\// },
    {
      title: 'It knows what waits, and flushes it',
      points: 15,
      checks: /^invalidation\/(flush|pending|open|save)\//,
    },
    { title: 'Guests draw as before', points: 15, checks: /^gpu\/scene\// },
  ],
};

export const mediationLab: Lab = {
  number: 6,
  title: 'A mediated device with lazy shadowing, within an exit budget',
  task: "Say what of a shared GPU traps, and when its shadow page tables follow the guest's own.",
  kind: 'mediation',
  hours: 8,
  handout: 'docs/labs/6-mediation.md',
  groups: [
    {
      title: 'The shadow follows, and is never stale',
      points: 25,
      checks: /^mediation\/(?!budget\/)/,
    },
    { title: 'Guests draw as before', points: 15, checks: /^gpu\/scene\// },
    {
      title: 'A triangle within the exit budget',
      points: 25,
      checks: /^mediation\/budget\/triangle$/,
    },
    {
      title: 'A bunny within the exit budget',
      points: 35,
      checks: /^mediation\/budget\/(?!triangle$)/,
    },
  ],
};

export const schedulerLab: Lab = {
  number: 7,
  title: 'A scheduler that is fair and does not starve',
  task: 'Say which guest has the GPU next: by weight, within a bound, with a cap if you can.',
  kind: 'scheduler',
  hours: 8,
  handout: 'docs/labs/7-scheduler.md',
  groups: [
    { title: 'It says what it is', points: 5, checks: /^scheduler\/kind\// },
    { title: 'Who is awake is picked', points: 15, checks: /^scheduler\/pick\// },
    { title: 'Nobody starves', points: 30, checks: /^scheduler\/starvation\// },
    { title: 'What it promises it keeps', points: 30, checks: /^scheduler\/due\// },
    { title: 'Seen, stopped and gone on', points: 10, checks: /^scheduler\/(describe|save)\// },
    { title: 'Guests see no difference', points: 10, checks: /^scheduler\/guests\// },
  ],
};

export const projectLab: Lab = {
  number: 8,
  title: 'An open project: make any stack 20 % cheaper',
  task: 'Find what is dear, write a part that does it otherwise, and argue why.',
  kind: 'project',
  hours: 12,
  handout: 'docs/labs/8-project.md',
  groups: [
    { title: 'A claim that can be judged', points: 10, checks: /^project\/claim\// },
    { title: 'The contract is kept', points: 20, checks: /^project\/contract\// },
    { title: 'The pixels are the same', points: 10, checks: /^project\/pixels\// },
    { title: 'Cheaper', points: 20, checks: /^project\/cheaper\/at-all$/ },
    { title: 'Cheaper by 20 %', points: 30, checks: /^project\/cheaper\/by-20-percent$/ },
    {
      title: 'Not dearer under other prices',
      points: 10,
      checks: /^project\/cheaper\/other-prices$/,
    },
  ],
};
