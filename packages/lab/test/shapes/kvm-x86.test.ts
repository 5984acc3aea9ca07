import { describeMeasured } from './measured.ts';

describeMeasured('kvm-x86');
