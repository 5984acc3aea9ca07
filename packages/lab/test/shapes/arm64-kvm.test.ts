import { describeMeasured } from './measured.ts';

describeMeasured('arm64-kvm');
