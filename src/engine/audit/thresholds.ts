/** From where on something is a finding. */
export interface Thresholds {
  /** Share of records among all tags, 0 to 1; looked at from so many tags on. */
  readonly recordsShare: number;
  readonly recordsFrom: number;
  /** How long after the last cleanup the next one is overdue. Milliseconds. */
  readonly cleanupAfterMs: number;
  /** Share of stages that a cleanup would take, 0 to 1; looked at from so many stages on. */
  readonly goingShare: number;
  readonly goingFrom: number;
  /** Share of the longest tag that is allowed, 0 to 1. */
  readonly tagLengthShare: number;
}

const DAY_MS = 86_400_000;

export const THRESHOLDS: Thresholds = {
  recordsShare: 0.8,
  recordsFrom: 100,
  cleanupAfterMs: 30 * DAY_MS,
  goingShare: 0.5,
  goingFrom: 20,
  tagLengthShare: 0.9,
};
