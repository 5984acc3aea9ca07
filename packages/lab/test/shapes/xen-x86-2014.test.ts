import { describeMeasured } from './measured.ts';

describeMeasured('xen-x86-2014');
