/** The shadow of a channel without a channel: it notes what a policy has it do. */
import type { MediationKind, MediationPolicy, ShadowPlace } from '@doorbell/hypervisor';

/** What happens to a channel. */
export type ChannelEvent =
  | { readonly what: 'stored'; readonly page: number; readonly offset: number }
  | { readonly what: 'flushed'; readonly isRunning: boolean }
  | { readonly what: 'submitted'; readonly isRunning: boolean };

export class MockShadow {
  /** In order: `sync`, `follow 1 8`, `settle`. */
  readonly calls: string[] = [];
  policy: MediationPolicy;
  readonly place: ShadowPlace;
  private isRunning = false;

  /** Of a channel that has been turned on. */
  constructor(kind: MediationKind) {
    const isRunning = (): boolean => this.isRunning;
    this.place = {
      get isRunning(): boolean {
        return isRunning();
      },
      sync: () => {
        this.calls.push('sync');
      },
      follow: (page, offset) => {
        this.calls.push(`follow ${page} ${offset}`);
      },
      settle: () => {
        this.calls.push('settle');
      },
    };
    this.policy = kind.open(this.place);
    this.policy.turnedOn();
  }

  happens(event: ChannelEvent): void {
    switch (event.what) {
      case 'stored':
        this.policy.stored(event.page, event.offset);
        break;
      case 'flushed':
        this.isRunning = event.isRunning;
        this.policy.flushed();
        break;
      case 'submitted':
        this.isRunning = event.isRunning;
        this.policy.submitted();
    }
  }
}
