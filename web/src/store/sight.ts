/** Which rows of a long list are drawn: those in sight, and some beyond on either side. Pure. */

export interface Sight {
  /** The rows [first, end). */
  first: number;
  end: number;
  /** How high those are that are not drawn, px. */
  above: number;
  below: number;
}

/** The rows of these `heights` that show in a window at `top`, with `margin` beyond it; all px. */
export function inSight(heights: readonly number[], top: number, window: number, margin: number): Sight {
  const [from, to] = [top - margin, top + window + margin];
  let [first, end, above, below, at] = [0, 0, 0, 0, 0];
  heights.forEach((height, row) => {
    if (at + height <= from) {
      first = end = row + 1;
      above += height;
    } else if (at < to) end = row + 1;
    else below += height;
    at += height;
  });
  return { first, end, above, below };
}
