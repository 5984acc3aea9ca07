/** Rows of whole numbers, each once, numbered in the order in which they were added. */
export class StateTable {
  /** How many. */
  count = 0;
  private readonly columns: number;
  private rows: Int32Array;
  /** Open addressing: a row's number plus 1, or 0 for free. Less than half full. */
  private slots = new Int32Array(1 << 12);

  constructor(columns: number) {
    this.columns = columns;
    this.rows = new Int32Array(columns << 11);
  }

  get(row: number, column: number): number {
    return this.rows[row * this.columns + column];
  }

  /** The row's number; it is new when that is what `count` was. */
  add(row: Int32Array): number {
    let slot = this.hash(row, 0);
    for (; this.slots[slot] !== 0; slot = (slot + 1) & (this.slots.length - 1)) {
      if (this.isAt(this.slots[slot] - 1, row)) {
        return this.slots[slot] - 1;
      }
    }
    this.slots[slot] = this.count + 1;
    this.rows.set(row, this.count * this.columns);
    this.count++;
    if (this.count * 2 >= this.slots.length) {
      this.grow();
    }
    return this.count - 1;
  }

  private isAt(at: number, row: Int32Array): boolean {
    for (let column = 0; column < this.columns; column++) {
      if (this.rows[at * this.columns + column] !== row[column]) {
        return false;
      }
    }
    return true;
  }

  private hash(values: Int32Array, from: number): number {
    let hash = 0;
    for (let column = 0; column < this.columns; column++) {
      hash = Math.imul(hash ^ values[from + column], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash & (this.slots.length - 1);
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2);
    const rows = new Int32Array(this.rows.length * 2);
    rows.set(this.rows);
    this.rows = rows;
    for (let row = 0; row < this.count; row++) {
      let slot = this.hash(rows, row * this.columns);
      while (this.slots[slot] !== 0) {
        slot = (slot + 1) & (this.slots.length - 1);
      }
      this.slots[slot] = row + 1;
    }
  }
}
