/** How many pages of the host's VRAM the shadows of one guest may take: others have theirs. */
export class TableBudget {
  private readonly most: number;
  private used = 0;

  constructor(most: number) {
    this.most = most;
  }

  get pagesUsed(): number {
    return this.used;
  }

  /** False: there are no more. */
  take(): boolean {
    const allowed = this.used < this.most;
    this.used += allowed ? 1 : 0;
    return allowed;
  }

  give(pages: number): void {
    this.used -= pages;
  }

  load(used: number): void {
    this.used = used;
  }
}
