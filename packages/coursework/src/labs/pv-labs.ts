/** Labs on the paravirtual pair. */
import type { Lab } from './lab.ts';

export const queueLab: Lab = {
  number: 4,
  title: 'The device half of a split virtqueue',
  task: 'Take chains from a driver that may be hostile, and return them used.',
  kind: 'queue',
  hours: 8,
  handout: 'docs/labs/4-virtqueue.md',
  groups: [
    {
      title: 'Chains and used entries',
      points: 25,
      checks: /^virtio-1\.3\/2\.7\.(5|6|8|8\.2|5\.1|13\.3|13\.4)\/(?!refuses-)/,
    },
    {
      title: 'Indirect tables',
      points: 15,
      checks: /^virtio-1\.3\/2\.7\.5\.3(\.2)?\/(?!refuses-)/,
    },
    { title: 'Notifications', points: 20, checks: /^virtio-1\.3\/2\.7\.(7\.2|10|10\.2)\// },
    { title: 'In order', points: 5, checks: /^virtio-1\.3\/2\.7\.9\// },
    { title: 'A driver that breaks the rules', points: 25, checks: /^virtio-1\.3\/.*\/refuses-/ },
    { title: 'A guest draws through it', points: 10, checks: /^gpu\/scene\// },
  ],
};

export const rendererLab: Lab = {
  number: 5,
  title: 'A paravirtual backend',
  task: 'Draw what a guest asks for: buffers, images, commands, fences.',
  kind: 'renderer',
  hours: 12,
  handout: 'docs/labs/5-backend.md',
  groups: [
    {
      title: 'Buffers and images',
      points: 15,
      checks: /^gpu\/(createBuffer|createImage|handles|write|destroy)\//,
    },
    { title: 'Submissions', points: 15, checks: /^gpu\/(submit|out-of-memory)\// },
    { title: 'The screen', points: 5, checks: /^gpu\/present\// },
    { title: 'fill', points: 15, checks: /^gpu\/fill\/|^gpu\/scene\/clear$/ },
    { title: 'copy and blit', points: 20, checks: /^gpu\/(copy|blit)\// },
    { title: 'Triangles', points: 20, checks: /^gpu\/draw\// },
    { title: 'Whole pictures', points: 10, checks: /^gpu\/scene\/(?!clear$)/ },
  ],
};
