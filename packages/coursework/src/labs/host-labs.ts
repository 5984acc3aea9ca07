/** Labs on what a host does for its guests. */
import type { Lab } from './lab.ts';

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
